import type { Coverage as Slots } from '../../../server/api/schema/common.ts';
import { formatCount } from '../format/count.ts';

/** How much of a window is known, as a bar and in words. The bar alone never says it. */
export function Coverage({ slots, words = 'short' }: { readonly slots: Slots; readonly words?: 'short' | 'long' }) {
  return (
    <span className="coverage">
      <CoverageBar slots={slots} />
      <span className="num">{words === 'long' ? longText(slots) : shortText(slots)}</span>
    </span>
  );
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

function shortText({ expected, observed, bridged, unknown }: Slots): string {
  const parts = [`${formatCount(`${observed}`)}/${formatCount(`${expected}`)}`];
  if (bridged > 0) parts.push(`${formatCount(`${bridged}`)} bridged`);
  if (unknown > 0) parts.push(`${formatCount(`${unknown}`)} unknown`);
  return parts.join(' · ');
}

function longText({ expected, observed, bridged, unknown, suspect }: Slots): string {
  const base = `${formatCount(`${observed}`)} observed · ${formatCount(`${bridged}`)} bridged · ${formatCount(`${unknown}`)} unknown of ${formatCount(`${expected}`)} s expected`;
  return suspect > 0 ? `${base} (${suspect} suspect: the clock stepped)` : base;
}
