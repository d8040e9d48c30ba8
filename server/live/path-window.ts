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

/**
 * The last seconds of one path, bounded in rows. They need not be in order of time: after the clock stepped back they
 * are not, and then rows leave in the order in which they came.
 */
export class PathWindow {
  readonly #seconds: number;
  #rows: LiveSlot[] = [];
  #first = 0;

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  add(row: LiveSlot): void {
    this.#rows.push(row);
    const keepFrom = row.slot + row.slots - this.#seconds;
    const tooMany = () => this.#rows.length - this.#first > this.#seconds;
    const tooOld = () => endOf(this.#rows[this.#first] as LiveSlot) <= keepFrom;
    while (this.#first < this.#rows.length - 1 && (tooMany() || tooOld())) this.#first++;
    // Cut in strides, not row by row.
    if (this.#first > 64 && this.#first * 2 > this.#rows.length) {
      this.#rows = this.#rows.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Sums over rows that lie wholly in [from, to), unix seconds; the same rule as the store's. */
  sums(from: number, to: number): WindowSums {
    const total = { observed: 0, bridged: 0, suspect: 0, packets: 0n, bytes: 0n, dropsOutside: 0n, dropsInside: 0n };
    for (const row of this.#rows.slice(this.#first)) {
      if (row.slot < from || row.slot + row.slots > to) continue;
      if (row.suspect) total.suspect += row.state === 'observed' ? 1 : 0;
      else if (row.state !== 'unknown') {
        total[row.state] += row.slots;
        total.packets += row.packets ?? 0n;
        total.bytes += row.bytes ?? 0n;
        total.dropsOutside += row.dropsOutside ?? 0n;
        total.dropsInside += row.dropsInside ?? 0n;
      }
    }
    return total;
  }
}

function endOf(row: LiveSlot): number {
  return row.slot + row.slots;
}
