import { ringRuns, ringSlots } from '../store/queries/ring-slots.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { type RingReadings, type RingRun, readingsMax, secondNs } from './evidence.ts';

type Slot = RowsOf<typeof ringSlots>[number];
type Piece = RowsOf<typeof ringRuns>[number];

interface Row {
  readonly port: string;
  readonly slot: number;
  readonly slots: number;
}

/** Rings that a host puts packets into, over a span. */
export class HostRings {
  readonly #slots: Map<string, Slot[]>;
  readonly #pieces: Map<string, Piece[]>;

  private constructor(slots: readonly Slot[], pieces: readonly Piece[]) {
    this.#slots = Map.groupBy(slots, ({ port }) => port);
    this.#pieces = Map.groupBy(pieces, ({ port }) => port);
  }

  static async read(
    store: QueryContext,
    host: string,
    span: { readonly from: number; readonly to: number },
  ): Promise<HostRings> {
    return new HostRings(
      await runQuery(store, ringSlots, { host, ...span }),
      await runQuery(store, ringRuns, { host, ...span }),
    );
  }

  /** The rings of a port around a row; null: none was sampled. */
  around({ port, slot, slots }: Row): RingReadings | null {
    const from = slot - 1;
    const length = slots + 2;
    const isNear = (row: { readonly slot: number }) => row.slot >= from && row.slot < from + length;
    const near = (this.#slots.get(port) ?? []).filter(isNear);
    if (near.length === 0) return null;
    const rings = new Set(near.map(({ queue }) => queue));
    const sampled = Array.from({ length }, (_, i) => isSampled(near, rings, from + i));
    const runs = joined((this.#pieces.get(port) ?? []).filter(isNear), slot);
    const isAll = near.every(({ missed, leftOut }) => missed === 0 && leftOut === 0);
    const free = Math.max(...near.map(freeOf));
    return {
      size: Math.max(...near.map(({ size }) => size)),
      freeMost: free > 0 ? free : null,
      sampled,
      whole: isAll && !sampled.includes(false) && runs.length <= readingsMax,
      fullNs: near.reduce((sum, { fullNs }) => sum + Number(fullNs), 0),
      runs: runs.length <= readingsMax ? runs : [],
    };
  }
}

function isSampled(near: readonly Slot[], rings: ReadonlySet<number>, slot: number): boolean {
  const own = near.filter((row) => row.slot === slot);
  return new Set(own.map(({ queue }) => queue)).size === rings.size && own.every(({ suspect }) => suspect === 0);
}

/** Most buffers that can have been free in a sample; 0: it was full in each. */
function freeOf({ size, lowest }: Slot): number {
  if (lowest === 9) return 0;
  return lowest === 0 ? size : size - Math.floor(((lowest - 1) * size) / 8);
}

/** Pieces of a run that go on from second to second are one. Times from the start of `slot`. */
function joined(pieces: readonly Piece[], slot: number): RingRun[] {
  const runs: RingRun[] = [];
  for (const { queue, slot: at, fromNs: offset, lengthNs, began } of pieces) {
    const fromNs = (at - slot) * secondNs + Number(offset);
    const toNs = fromNs + Number(lengthNs);
    const last = runs.at(-1);
    if (began === 1 && last?.queue === queue && last.toNs === fromNs) runs[runs.length - 1] = { ...last, toNs };
    else runs.push({ queue, fromNs, toNs });
  }
  return runs;
}
