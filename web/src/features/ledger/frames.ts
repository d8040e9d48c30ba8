import type { LedgerDetail } from '../../../../server/api/schema/ledger.ts';
import { type Line, lineOf } from '../../charts/columns.ts';
import { regionsOf } from '../../charts/gaps.ts';
import type { Frame } from '../../charts/source.ts';

type Series = LedgerDetail['series'];
type Values = Series['in'];

/** What is left over in each step, as read, over what it may be. Not per second: a packet is left over or it is not. */
export function residualFrame(detail: LedgerDetail): Frame {
  return frameOf(detail, [
    wholeLine('left over', bigints(detail.series.residualRaw)),
    wholeLine('bound', bigints(detail.series.bound)),
  ]);
}

/**
 * The same added up from the start of the window, or from the end of the last gap: what goes missing little by little
 * stays in its bound step by step and leaves it here. The bound of such a sum is that of its two ends; a step's own
 * bound is that of both of its ends, so first and last step together are at least as much.
 */
export function driftFrame(detail: LedgerDetail): Frame {
  const { series } = detail;
  const bounds = bigints(series.bound);
  const sums: (bigint | null)[] = [];
  const allowed: (bigint | null)[] = [];
  let sum = 0n;
  let firstBound: bigint | null = null;
  bigints(series.residualRaw).forEach((value, i) => {
    const bound = bounds[i] ?? null;
    if (value === null || bound === null) {
      firstBound = null;
      sum = 0n;
      sums.push(null);
      allowed.push(null);
      return;
    }
    firstBound ??= bound;
    sum += value;
    sums.push(sum);
    allowed.push(firstBound + bound);
  });
  return frameOf(detail, [wholeLine('added up', sums), wholeLine('bound', allowed)]);
}

/** What went through the datapath, per second. */
export function flowFrame(detail: LedgerDetail): Frame {
  const { series } = detail;
  return frameOf(detail, [
    lineOf('in', bigints(series.in), series.stepSeconds),
    lineOf('out', bigints(series.out), series.stepSeconds),
    lineOf('dropped at ports', bigints(series.portDrops), series.stepSeconds),
  ]);
}

/** Steps at which a sum is more than can be on its way; `most` has its sign. */
export interface Beyond {
  readonly steps: number;
  readonly firstSeconds: number;
  readonly most: bigint;
}

/** Of a frame of the two above. null: no step whose numbers are known is beyond its bound. */
export function beyondBound({ at, lines }: Frame): Beyond | null {
  const [left, bounds] = lines;
  let found: Beyond | null = null;
  at.forEach((firstSeconds, i) => {
    const value = left?.own[i] ?? null;
    const bound = bounds?.own[i] ?? null;
    if (value === null || bound === null || absolute(value) <= bound) return;
    found = found === null ? { steps: 1, firstSeconds, most: value } : extended(found, value);
  });
  return found;
}

function extended({ steps, firstSeconds, most }: Beyond, value: bigint): Beyond {
  return { steps: steps + 1, firstSeconds, most: absolute(value) > absolute(most) ? value : most };
}

function wholeLine(label: string, own: readonly (bigint | null)[]): Line {
  return { label, own, drawn: own.map((value) => (value === null ? null : Number(value))) };
}

function frameOf({ window, series }: LedgerDetail, lines: readonly Line[]): Frame {
  const { at, stepSeconds } = series;
  return {
    fromSeconds: Date.parse(window.from) / 1_000,
    toSeconds: Date.parse(window.to) / 1_000,
    stepSeconds,
    at,
    lines,
    regions: regionsOf({ at, stepSeconds, known: (i) => lines[0]?.own[i] != null, bridges: [] }),
  };
}

function bigints(values: Values): (bigint | null)[] {
  return values.map((value) => (value === null ? null : BigInt(value)));
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}
