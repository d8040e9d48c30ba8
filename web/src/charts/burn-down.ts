/** A budget over the days of its window, as lines in a box. From sums to pixels: numbers, because pixels need no more. Pure. */

export interface BurnDownDay {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly bad: bigint;
  /** May have been bad besides. */
  readonly unsure: bigint;
  readonly isAhead: boolean;
  /** Nothing of it was seen: the line has a gap there. */
  readonly isBlind: boolean;
}

export interface Guess {
  readonly bad: bigint;
  readonly low: bigint;
  readonly high: bigint;
}

export interface BurnDown {
  /** Left of the budget, as known: a point at the end of each day; no line over what nobody saw. */
  readonly line: string;
  /** Between what is left for sure and what may be left. Empty: all is known. */
  readonly band: string;
  /** From the last day that has begun to the end, between the ends of the forecast. Empty: no forecast. */
  readonly cone: string;
  readonly coneMiddle: string;
  readonly zeroY: number;
  readonly topY: number;
  readonly nowX: number | null;
  readonly dayXs: readonly number[];
  readonly least: bigint;
}

interface Box {
  readonly width: number;
  readonly height: number;
}

/** Room above the full budget and below the least, pixels. */
const marginPixels = 8;

/**
 * Example: allowed 10; day one 4 bad and 2 unsure, day two none: the line goes from 10 to 6 and stays, the band from 10 to
 * 6 and 4.
 */
export function burnDownOf(
  days: readonly BurnDownDay[],
  options: { readonly allowed: bigint; readonly guess: Guess | null; readonly untilSeconds: number; readonly box: Box },
): BurnDown | null {
  const { allowed, guess, untilSeconds, box } = options;
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return null;
  const steps = stepsOf(days, allowed, untilSeconds);
  const end = steps.at(-1);
  if (end === undefined) return null;
  const cone = guess !== null && end.atSeconds < last.toSeconds ? coneOf(guess, allowed) : null;
  const least = leastOf(steps, cone?.worst ?? 0n, allowed);
  const span = allowed - least > 0n ? Number(allowed - least) : 1;
  const spanSeconds = last.toSeconds - first.fromSeconds;
  const x = (seconds: number) => round(((seconds - first.fromSeconds) / spanSeconds) * box.width);
  const y = (left: bigint) => {
    const shown = left < least ? least : left;
    return round(marginPixels + (Number(allowed - shown) / span) * (box.height - 2 * marginPixels));
  };
  const point = (seconds: number, left: bigint) => `${x(seconds)} ${y(left)}`;
  const highs = steps.map(({ atSeconds, high }) => point(atSeconds, high));
  const lows = steps.map(({ atSeconds, low }) => point(atSeconds, low));
  const coneAt = (left: bigint) => point(last.toSeconds, left);
  const start = point(end.atSeconds, end.high);
  return {
    line: steps.map(({ isBlind }, i) => `${isBlind || i === 0 ? 'M' : 'L'}${highs[i]}`).join(''),
    band: steps.some(({ high, low }) => low < high) ? `M${highs.join('L')}L${lows.reverse().join('L')}Z` : '',
    cone: cone === null ? '' : `M${start}L${coneAt(cone.best)}L${coneAt(cone.worst)}Z`,
    coneMiddle: cone === null ? '' : `M${start}L${coneAt(cone.middle)}`,
    zeroY: y(0n),
    topY: y(allowed),
    nowX: end.atSeconds < last.toSeconds ? x(end.atSeconds) : null,
    dayXs: days.map(({ fromSeconds }) => x(fromSeconds)),
    least,
  };
}

/**
 * The lowest value that has room: the whole line, and of what is only possible no more than one budget below it and zero. A day
 * that nobody saw may have cost a hundred budgets, and would leave the line no room.
 */
function leastOf(steps: readonly Step[], worst: bigint, allowed: bigint): bigint {
  const smaller = (a: bigint, b: bigint) => (b < a ? b : a);
  const line = steps.map(({ high }) => high).reduce(smaller, 0n);
  const possible = steps.map(({ low }) => low).reduce(smaller, worst);
  const floor = line - allowed;
  if (possible < floor) return floor;
  return smaller(line, possible);
}

interface Step {
  readonly atSeconds: number;
  readonly high: bigint;
  readonly low: bigint;
  readonly isBlind: boolean;
}

function stepsOf(days: readonly BurnDownDay[], allowed: bigint, untilSeconds: number): Step[] {
  const steps: Step[] = [];
  let high = allowed;
  let low = allowed;
  for (const { fromSeconds, toSeconds, bad, unsure, isAhead, isBlind } of days) {
    if (steps.length === 0) steps.push({ atSeconds: fromSeconds, high, low, isBlind: false });
    if (isAhead) break;
    high -= bad;
    low -= bad + unsure;
    steps.push({ atSeconds: Math.max(fromSeconds, Math.min(toSeconds, untilSeconds)), high, low, isBlind });
  }
  return steps;
}

function coneOf({ bad, low, high }: Guess, allowed: bigint) {
  return { best: allowed - low, middle: allowed - bad, worst: allowed - high };
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
