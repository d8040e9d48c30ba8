import { type Direction, directions } from '../../core/catalogue/kind-parts.ts';
import type { CauseRow, PortRow } from '../seal/day-rows.ts';
import { portRow } from '../seal/port-row.ts';
import { type Burst, burstsOf, isSevere } from '../sli/bursts.ts';
import { type LossRow, lossStretches } from '../sli/loss-stretches.ts';
import { delivery } from '../sli/packet-delivery.ts';
import { fullPeriods, lostWithin, type RunPiece, secondsTouching } from '../sli/ring-full.ts';
import { portRingRuns, runPiecesMax } from '../store/queries/ring-runs.ts';
import { slotCauses, slotRows } from '../store/queries/slot-rows.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import type { FullPeriod, LossBurst, PortBursts } from './schema/bursts.ts';
import { iso, type RequestedWindow } from './window.ts';

interface BurstRequest {
  readonly host: string;
  readonly port: string;
  readonly window: RequestedWindow;
}

/** Bursts and full times that are told at once. */
const listedMax = 2_000;
/** A full time at an end of the window touches seconds beyond it, s. */
const aroundSeconds = 2;

interface PathRows {
  readonly direction: Direction;
  readonly rows: readonly LossRow[];
}

/** Bursts of loss of a port, second by second, and the times in which its rings were full, to the millisecond. */
export async function readPortBursts(store: QueryContext, request: BurstRequest): Promise<PortBursts> {
  const { host, port, window } = request;
  const [pieces, ...paths] = await Promise.all([
    runQuery(store, portRingRuns, { host, port, ...window }),
    ...directions.map((direction) => readPath(store, request, direction)),
  ]);
  const known = paths.filter((path) => path.rows.length > 0);
  const full = directions.flatMap((direction) => fullOf(direction, pieces, paths)).sort(byTime);
  const lossy = known.map(({ direction, rows }) => ({
    direction,
    found: burstsOf(lossStretches(inside(rows, window), window)),
  }));
  return {
    ...{ host, port, window: { from: iso(window.from), to: iso(window.to) } },
    directions: lossy.map(({ direction, found }) => ({
      direction,
      bursts: found.bursts.slice(0, listedMax).map((burst) => told(burst, window.from)),
      unplaced: String(found.unplacedDrops),
      lossySeconds: {
        least: Number(found.time.high.bad),
        most: Number(found.time.low.bad),
        of: Number(found.time.high.total),
      },
    })),
    full: full.slice(0, listedMax),
    more:
      pieces.length > runPiecesMax ||
      full.length > listedMax ||
      lossy.some(({ found }) => found.bursts.length > listedMax),
  };
}

/** Rows by the seconds that they cover: who asks for a few seconds does not go through a day. */
class BySecond<R extends { readonly slot: number; readonly slots: number }> {
  readonly #rows = new Map<number, R[]>();

  constructor(rows: readonly R[]) {
    for (const row of rows) {
      for (let at = row.slot; at < row.slot + row.slots; at++) {
        const own = this.#rows.get(at);
        if (own === undefined) this.#rows.set(at, [row]);
        else own.push(row);
      }
    }
  }

  touching(from: number, to: number): R[] {
    const found = new Set<R>();
    for (let at = from; at < to; at++) for (const row of this.#rows.get(at) ?? []) found.add(row);
    return [...found];
  }
}

function inside(rows: readonly LossRow[], { from, to }: RequestedWindow): LossRow[] {
  return rows.filter(({ slot, slots }) => slot < to && slot + slots > from);
}

async function readPath(
  store: QueryContext,
  { host, port, window }: BurstRequest,
  direction: Direction,
): Promise<PathRows> {
  const around = { from: Math.max(0, window.from - aroundSeconds), to: window.to + aroundSeconds };
  const path = { host, port, direction, ...around };
  const [rows, told] = await Promise.all([
    runQuery(store, slotRows, { ...path, steps: '', step: 1 }),
    runQuery(store, slotCauses, path),
  ]);
  const causes = told.map((row): CauseRow => ({ ...row, suspect: row.suspect === 1, packets: BigInt(row.packets) }));
  const besideOf = new BySecond(causes.filter(({ place }) => place === 'beside'));
  return {
    direction,
    rows: rows.map((row) => lossRow(direction, portRow(row), besideOf)),
  };
}

function isKnown({ state, suspect }: Pick<PortRow, 'state' | 'suspect'>): boolean {
  return state !== 'unknown' && !suspect;
}

/** Drops at another place of the same seconds are in it; told in another way, nobody knows how much belongs to the row. */
function lossRow(direction: Direction, row: PortRow, beside: BySecond<CauseRow>): LossRow {
  const near = beside.touching(row.slot, row.slot + row.slots);
  const isTold = near.every((drop) => isKnown(drop) && drop.slot === row.slot && drop.slots === row.slots);
  const dropsBeside = near.reduce((sum, { packets }) => sum + packets, 0n);
  const { offered, drops } = delivery({ ...row, direction, dropsBeside });
  return { slot: row.slot, slots: row.slots, isKnown: isKnown(row) && isTold, offered, lost: drops };
}

function told(burst: Burst, from: number): LossBurst {
  const share = ({ num, den }: Burst['peak']) => ({ lost: String(num), offered: String(den) });
  const { slots, slotsMax, unknown, drops, peak, mean, distance } = burst;
  return {
    ...{ from: iso(from + burst.from), to: iso(from + burst.from + slots), seconds: slots, secondsMax: slotsMax },
    ...{ unknownSeconds: unknown, lost: String(drops), peak: share(peak), mean: share(mean) },
    sinceSeconds: distance?.slots ?? null,
    sinceIsCertain: distance?.isCertain ?? true,
    severe: isSevere(burst),
  };
}

function fullOf(direction: Direction, pieces: RowsOf<typeof portRingRuns>, paths: readonly PathRows[]): FullPeriod[] {
  const own = pieces.slice(0, runPiecesMax).filter((piece) => piece.direction === direction);
  const path = paths.find((each) => each.direction === direction);
  const rows = new BySecond(path?.rows ?? []);
  return fullPeriods(own.map(pieceOf)).map((period) => {
    const { from, to } = secondsTouching(period);
    const lost = direction === 'toGuest' ? lostWithin(period, rows.touching(from, to)) : null;
    return {
      ...{ direction, queues: [...period.queues] },
      ...{ earliestNs: String(period.earliestNs), fromNs: String(period.fromNs) },
      ...{ toNs: String(period.toNs), latestNs: String(period.latestNs) },
      lost: lost && { low: String(lost.low), high: lost.high === null ? null : String(lost.high) },
    };
  });
}

function pieceOf(row: RowsOf<typeof portRingRuns>[number]): RunPiece {
  return {
    ...{ queue: row.queue, slot: row.slot, fromNs: BigInt(row.fromNs), lengthNs: BigInt(row.lengthNs) },
    ...{ lengthNsMin: BigInt(row.lengthNsMin), lengthNsMax: BigInt(row.lengthNsMax), beganBefore: row.began === 1 },
  };
}

function byTime(a: FullPeriod, b: FullPeriod): number {
  const [one, other] = [BigInt(a.fromNs), BigInt(b.fromNs)];
  return one < other ? -1 : Number(one > other);
}
