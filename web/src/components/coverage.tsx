import type { Coverage as Slots } from '../../../server/api/schema/common.ts';
import { formatCount } from '../format/count.ts';
import { formatRatio } from '../format/ratio.ts';

/**
 * How much of a window is known, as a bar and in words. The bar alone never says it. `share` is for columns, `figure`
 * for narrow places: what is known of all; the rest on hovering, and for those who hear the page.
 */
export function Coverage({ slots, words }: { readonly slots: Slots; readonly words: 'share' | 'figure' | 'long' }) {
  const inShort = words !== 'long';
  const unsure = inShort && slots.unknown > 0;
  return (
    <span className="coverage" title={inShort ? longText(slots) : undefined}>
      <CoverageBar slots={slots} />
      <span className={unsure ? 'num unknown' : 'num'}>{textOf(slots, words)}</span>
      {inShort && slots.observed < slots.expected ? <span className="hidden">{longText(slots)}</span> : null}
    </span>
  );
}

function textOf(slots: Slots, words: 'share' | 'figure' | 'long'): string {
  if (words === 'long') return longText(slots);
  const known = BigInt(slots.observed + slots.bridged);
  const expected = BigInt(slots.expected);
  return words === 'share' ? formatRatio(known, expected, 1) : `${formatCount(known)}/${formatCount(expected)}`;
}

function CoverageBar({ slots }: { readonly slots: Slots }) {
  const whole = Math.max(1, slots.expected);
  const share = (part: number) => `${(part / whole) * 100}%`;
  return (
    <span className="coverage-bar" aria-hidden="true">
      <i className="seg-observed" style={{ width: share(slots.observed) }} />
      <i className="seg-bridged" style={{ width: share(slots.bridged) }} />
      <i className="seg-unknown" style={{ width: share(slots.unknown) }} />
    </span>
  );
}

function longText({ expected, observed, bridged, unknown, suspect }: Slots): string {
  const base = `${formatCount(`${observed}`)} observed · ${formatCount(`${bridged}`)} bridged · ${formatCount(`${unknown}`)} unknown of ${formatCount(`${expected}`)} s expected`;
  return suspect > 0 ? `${base} (${suspect} suspect: the clock stepped)` : base;
}
