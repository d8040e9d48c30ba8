/** One closed row of a port and direction, as it came off the bus. */
export interface LiveSlot {
  readonly slot: number;
  readonly slots: number;
  readonly state: 'observed' | 'bridged' | 'unknown';
  readonly suspect: boolean;
  readonly packets: bigint | null;
  readonly bytes: bigint | null;
  readonly dropsOutside: bigint | null;
  readonly dropsInside: bigint | null;
}

export interface WindowSums {
  readonly observed: number;
  readonly bridged: number;
  readonly suspect: number;
  readonly packets: bigint;
  readonly bytes: bigint;
  readonly dropsOutside: bigint;
  readonly dropsInside: bigint;
}

const rowsAtFirst = 16;
const states = ['observed', 'bridged', 'unknown'] as const;
const counters = ['packets', 'bytes', 'dropsOutside', 'dropsInside'] as const;

/**
 * A row in bytes: its counters, 8 each, then slot 4, slots 4, state 1. Unix seconds go on to the year 2106, and no gap is
 * longer.
 */
const slotAt = 8 * counters.length;
const slotsAt = slotAt + 4;
const stateAt = slotsAt + 4;
const rowBytes = stateAt + 1;
/** Beside the place in `states`. */
const suspectMark = 4;

/**
 * The last seconds of one path, bounded in rows. They need not be in order of time: after the clock stepped back they
 * are not, and then rows leave in the order in which they came.
 *
 * A fleet has tens of thousands of paths with hundreds of rows each. As objects they took four times the memory, and the
 * collector of garbage walked over all of them; here they are bytes in a ring that grows to its bound.
 */
export class PathWindow {
  readonly #seconds: number;
  #ring: DataView;
  /** Rows that there is room for. */
  #room: number;
  #first = 0;
  #count = 0;

  constructor(seconds: number) {
    this.#seconds = seconds;
    this.#room = Math.min(rowsAtFirst, seconds);
    this.#ring = new DataView(new ArrayBuffer(this.#room * rowBytes));
  }

  add(row: LiveSlot): void {
    const keepFrom = row.slot + row.slots - this.#seconds;
    while (this.#count > 0 && (this.#count >= this.#seconds || this.#endOf(this.#place(0)) <= keepFrom)) {
      this.#first = (this.#first + 1) % this.#room;
      this.#count--;
    }
    if (this.#count === this.#room) this.#grow();
    const at = this.#place(this.#count++);
    // What is not known adds nothing to a sum.
    counters.forEach((counter, i) => {
      this.#ring.setBigUint64(at + 8 * i, row[counter] ?? 0n);
    });
    this.#ring.setUint32(at + slotAt, row.slot);
    this.#ring.setUint32(at + slotsAt, row.slots);
    this.#ring.setUint8(at + stateAt, states.indexOf(row.state) + (row.suspect ? suspectMark : 0));
  }

  /** Sums over rows that lie wholly in [from, to), unix seconds; the same rule as the store's. */
  sums(from: number, to: number): WindowSums {
    const total = { observed: 0, bridged: 0, suspect: 0, packets: 0n, bytes: 0n, dropsOutside: 0n, dropsInside: 0n };
    const ring = this.#ring;
    for (let row = 0; row < this.#count; row++) {
      const at = this.#place(row);
      if (ring.getUint32(at + slotAt) < from || this.#endOf(at) > to) continue;
      const mark = ring.getUint8(at + stateAt);
      const state = states[mark & ~suspectMark];
      if (mark >= suspectMark) total.suspect += state === 'observed' ? 1 : 0;
      else if (state === 'observed' || state === 'bridged') {
        total[state] += ring.getUint32(at + slotsAt);
        for (const [i, counter] of counters.entries()) total[counter] += ring.getBigUint64(at + 8 * i);
      }
    }
    return total;
  }

  /** Where a row lies, counted from the oldest. */
  #place(row: number): number {
    return ((this.#first + row) % this.#room) * rowBytes;
  }

  #endOf(at: number): number {
    return this.#ring.getUint32(at + slotAt) + this.#ring.getUint32(at + slotsAt);
  }

  /** Twice as large, at most to its bound, with the oldest row in front. */
  #grow(): void {
    const old = new Uint8Array(this.#ring.buffer);
    const room = Math.min(this.#room * 2, this.#seconds);
    const bytes = new Uint8Array(room * rowBytes);
    const oldest = this.#place(0);
    bytes.set(old.subarray(oldest));
    bytes.set(old.subarray(0, oldest), old.length - oldest);
    this.#ring = new DataView(bytes.buffer);
    this.#room = room;
    this.#first = 0;
  }
}
