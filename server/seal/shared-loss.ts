import { endOf } from './slot-line.ts';

/**
 * Packets that an uplink lost before anybody knew whose they were. They may have been lost in any of its slots: `packets` of
 * all of them together, or of each where `isEach`.
 */
export interface SharedLoss {
  /** Host and port. */
  readonly uplink: string;
  readonly slot: number;
  readonly slots: number;
  readonly packets: bigint;
  readonly isEach: boolean;
}

interface Span {
  readonly slot: number;
  readonly slots: number;
}

/**
 * What an uplink may have lost in a second of which it does not know: more than any link brings. 64-byte frames at 800 Gb/s
 * are 1.19e9 a second. Unknown is never zero; the low reading of whoever was beside it proves nothing then.
 */
export const packetsPerSecondMax = 4_000_000_000n;

/** Slots of unsure rows of one uplink that no known row of it tells, each as lost as it can be. */
export function unsureLoss(uplink: string, unsure: readonly Span[], known: readonly Span[]): SharedLoss[] {
  const told = unionOf(known);
  const out: SharedLoss[] = [];
  let next = 0;
  for (const { from, to } of unionOf(unsure)) {
    let at = from;
    while (next < told.length && (told[next] as FromTo).to <= from) next++;
    for (let i = next; at < to; i++) {
      const span = told[i];
      const hole = Math.min(span === undefined ? to : span.from, to);
      if (hole > at) out.push({ uplink, slot: at, slots: hole - at, packets: packetsPerSecondMax, isEach: true });
      at = Math.max(at, span?.to ?? to);
    }
  }
  return out;
}

interface FromTo {
  readonly from: number;
  to: number;
}

function unionOf(spans: readonly Span[]): FromTo[] {
  const out: FromTo[] = [];
  for (const span of [...spans].sort((a, b) => a.slot - b.slot)) {
    const last = out.at(-1);
    if (last !== undefined && span.slot <= last.to) last.to = Math.max(last.to, endOf(span));
    else out.push({ from: span.slot, to: endOf(span) });
  }
  return out;
}

/**
 * What a path may have lost further up in a slot, or in a gap of its own. Of a gap of an uplink nobody knows in which slot it
 * lost: each slot of the path there may have lost all of it. So slots add up to more than was lost, and stay a bound.
 */
export class SharedLosses {
  readonly #losses: readonly SharedLoss[];
  #next = 0;
  #touching: SharedLoss[] = [];

  constructor(losses: readonly SharedLoss[]) {
    this.#losses = [...losses].sort((a, b) => a.slot - b.slot);
  }

  /** Spans are asked for in order of time and overlap in nothing. */
  in(span: Span): bigint {
    const end = endOf(span);
    for (; (this.#losses[this.#next]?.slot ?? end) < end; this.#next++) {
      this.#touching.push(this.#losses[this.#next] as SharedLoss);
    }
    if (this.#touching.length === 0) return 0n;
    this.#touching = this.#touching.filter((loss) => endOf(loss) > span.slot);
    return this.#touching.reduce((sum, loss) => sum + packetsIn(loss, span), 0n);
  }
}

function packetsIn(loss: SharedLoss, span: Span): bigint {
  if (!loss.isEach) return loss.packets;
  return loss.packets * BigInt(Math.min(endOf(loss), endOf(span)) - Math.max(loss.slot, span.slot));
}
