import type { FullPeriod, LossBurst, PortBursts } from '../../../../server/api/schema/bursts.ts';
import { formatCount } from '../../format/count.ts';
import { formatDurationNs } from '../../format/duration.ts';
import { formatRatio } from '../../format/ratio.ts';
import { directionName } from '../ports/model.ts';

/** Half open, unix seconds. */
interface Stretch {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** A burst with its direction: a row of the table. */
export interface BurstRow {
  readonly direction: string;
  readonly burst: LossBurst;
}

export function burstRows({ directions }: PortBursts): BurstRow[] {
  return directions.flatMap(({ direction, bursts }) => bursts.map((burst) => ({ direction, burst })));
}

const nsOf = (value: string) => Number(BigInt(value) / 1_000n) / 1e6;

/** Where a full time surely was, and where it may have been; seconds, because pixels need no more. */
export function placeOf({ earliestNs, fromNs, toNs, latestNs }: FullPeriod): { sure: Stretch; may: Stretch } {
  return {
    sure: { fromSeconds: nsOf(fromNs), toSeconds: nsOf(toNs) },
    may: { fromSeconds: nsOf(earliestNs), toSeconds: nsOf(latestNs) },
  };
}

export function burstPlace({ from, to }: LossBurst): Stretch {
  return { fromSeconds: Date.parse(from) / 1_000, toSeconds: Date.parse(to) / 1_000 };
}

export const markWidth = 1_000;
export const markHeight = 12;
/** A few milliseconds among minutes must still be seen. */
const leastWidth = 1.5;

/** Marks of a row in a box of `markWidth` by `markHeight`, as SVG path data; those outside the window are left out. */
export function marksOf(stretches: readonly Stretch[], window: Stretch): string {
  const scale = markWidth / (window.toSeconds - window.fromSeconds);
  return stretches
    .filter(({ fromSeconds, toSeconds }) => fromSeconds < window.toSeconds && toSeconds > window.fromSeconds)
    .map(({ fromSeconds, toSeconds }) => {
      const left = (Math.max(fromSeconds, window.fromSeconds) - window.fromSeconds) * scale;
      const right = (Math.min(toSeconds, window.toSeconds) - window.fromSeconds) * scale;
      return `M${left.toFixed(2)} 0h${Math.max(leastWidth, right - left).toFixed(2)}v${markHeight}H${left.toFixed(2)}z`;
    })
    .join('');
}

/** Length of a full time: its bounds, said once where they are the same in three digits. */
export function fullLength({ earliestNs, fromNs, toNs, latestNs }: FullPeriod): string {
  const least = formatDurationNs(BigInt(toNs) - BigInt(fromNs));
  const most = formatDurationNs(BigInt(latestNs) - BigInt(earliestNs));
  return least === most ? least : `${least} – ${most}`;
}

export function lostText({ lost }: FullPeriod): string {
  if (lost === null) return 'none: back-pressure';
  if (lost.high === null) return lost.low === '0' ? 'not known' : `at least ${formatCount(lost.low)}`;
  return lost.low === lost.high ? formatCount(lost.low) : `${formatCount(lost.low)} – ${formatCount(lost.high)}`;
}

export function lengthText({ seconds, secondsMax }: LossBurst): string {
  return secondsMax > seconds ? `${seconds} – ${secondsMax} s` : `${seconds} s`;
}

export function shareText({ lost, offered }: LossBurst['peak']): string {
  return formatRatio(BigInt(lost), BigInt(offered), 2);
}

/** What of a step lies in bursts and full times, for the cursor. */
export function stepBursts(told: PortBursts, step: Stretch): string {
  const touches = (place: Stretch) => place.fromSeconds < step.toSeconds && place.toSeconds > step.fromSeconds;
  const bursts = burstRows(told)
    .filter(({ burst }) => touches(burstPlace(burst)))
    .map(
      ({ direction, burst }) =>
        `burst ${directionName(direction)}, ${lengthText(burst)}, ${formatCount(burst.lost)} lost, worst second ${shareText(burst.peak)}`,
    );
  const full = told.full
    .filter((period) => touches(placeOf(period).may))
    .map((period) => `${directionName(period.direction)} full ${fullLength(period)}`);
  const shown = full.slice(0, 3);
  return [...bursts, ...shown, ...(full.length > shown.length ? [`and ${full.length - shown.length} more`] : [])].join(
    ', ',
  );
}

/** Seconds that lost, of all, and how many there may be. */
export function lossyText({ direction, lossySeconds, unplaced }: PortBursts['directions'][number]): string {
  const { least, most, of } = lossySeconds;
  const maybe = most > least ? `, up to ${most} if what nobody knows lost too` : '';
  const gaps = unplaced === '0' ? '' : `; ${formatCount(unplaced)} lost in gaps, at a time that nobody knows`;
  return `${directionName(direction)}: ${least} of ${of} s in bursts${maybe}${gaps}`;
}

/** Why there is no burst; where nothing is known that is no good news. */
export function noBurstText({ directions }: PortBursts): string {
  const isBlind = directions.every(({ lossySeconds }) => lossySeconds.most === lossySeconds.of);
  return isBlind
    ? 'No second of this window is known: whether it lost packets is not.'
    : 'No known second of this window lost a packet.';
}
