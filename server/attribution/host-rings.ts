import { ringGuests, ringRuns, ringRunsMax, ringSlots } from '../store/queries/ring-slots.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { type RingReadings, type RingRun, readingsMax, secondNs } from './evidence.ts';

type Slot = RowsOf<typeof ringSlots>[number];
type Piece = RowsOf<typeof ringRuns>[number];

interface Row {
  readonly port: string;
  readonly slot: number;
  readonly slots: number;
}

interface PortRings {
  readonly slots: readonly Slot[];
  /** Null: too many to be looked at. */
  readonly pieces: readonly Piece[] | null;
}

/** Rings that a host puts packets into, over a span; those of a port are read when they are asked for. */
export class HostRings {
  readonly #store: QueryContext;
  readonly #where: { readonly host: string; readonly from: number; readonly to: number };
  readonly #ports = new Map<string, PortRings>();
  /** Ports of which some rings only are read. */
  #partly: ReadonlySet<string> | undefined;

  constructor(store: QueryContext, host: string, { from, to }: { readonly from: number; readonly to: number }) {
    this.#store = store;
    this.#where = { host, from, to };
  }

  /** The rings of a port around a row; null: none was sampled, or not all: which of them lost the packets nobody would know. */
  async around({ port, slot, slots }: Row): Promise<RingReadings | null> {
    const from = slot - 1;
    const length = slots + 2;
    const isNear = (row: { readonly slot: number }) => row.slot >= from && row.slot < from + length;
    this.#partly ??= await this.#unread();
    if (this.#partly.has(port)) return null;
    const read = await this.#of(port);
    const near = read.slots.filter(isNear);
    if (near.length === 0) return null;
    const rings = new Set(near.map(({ queue }) => queue));
    const sampled = Array.from({ length }, (_, i) => isSampled(near, rings, from + i));
    const runs = joined((read.pieces ?? []).filter(isNear), slot);
    const isAll = read.pieces !== null && near.every(({ missed, leftOut }) => missed === 0 && leftOut === 0);
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

  async #unread(): Promise<ReadonlySet<string>> {
    const { host, to } = this.#where;
    const guests = await runQuery(this.#store, ringGuests, { host, to });
    return new Set(guests.filter(({ unread }) => unread > 0).map(({ port }) => port));
  }

  async #of(port: string): Promise<PortRings> {
    const known = this.#ports.get(port);
    if (known !== undefined) return known;
    const slots = await runQuery(this.#store, ringSlots, { ...this.#where, port });
    const pieces = await runQuery(this.#store, ringRuns, { ...this.#where, port });
    const read = { slots, pieces: pieces.length > ringRunsMax ? null : pieces };
    this.#ports.set(port, read);
    return read;
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
