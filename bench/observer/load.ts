import { setTimeout as delay } from 'node:timers/promises';
import type { Guest } from '../../test/lab/guest.ts';
import type { Lab } from '../../test/lab/lab.ts';
import { LabError } from '../../test/lab/lab-error.ts';

const slotMs = 10;
const slotNs = 10_000_000n;
/** Streams fill their rings, threads that slept wake up: discarded. */
const runUpMs = 1000;
/** Two tries for each rate of the search, since another program may have had the machine. */
const tries = 2;
const trialMs = 2000;
const firstRate = 100_000;
/** A process sends 1,000,000 packets a second at most, and the load comes from two. */
const rateMax = 1_600_000;
const bisections = 5;
/** A rate is carried when this share of what was tried arrives: the rest was lost or met a full ring. */
const carriedShare = 0.995;
/** A sender that the machine keeps from running tries less than was ordered: beyond this the rate is out of reach. */
const attemptedShare = 0.9;

/** A run of slots of 10 ms on the clock that all processes of a machine share. */
export interface Window {
  /** Packets a second that arrived. */
  readonly delivered: number;
  /** Packets a second that the senders tried; less than ordered when the machine kept them from running. */
  readonly attempted: number;
  /** By bit length of the latency in ns. */
  readonly latencyLog2: readonly bigint[];
}

/** A steady load on two ways, over both queues of the wire. It ends by itself. */
export class Load {
  readonly #senders: readonly { readonly from: Guest; readonly queue: number; readonly share: number }[];
  readonly #receivers: readonly Guest[];
  readonly #destinations: ReadonlyMap<Guest, Guest>;

  constructor(lab: Lab) {
    const { wire } = lab;
    if (wire === undefined) throw new TypeError('the lab has no wire');
    const [vhu1, vhu3, vhu4] = [lab.guest('vhu1'), lab.guest('vhu3'), lab.guest('vhu4')];
    this.#senders = [
      { from: wire, queue: 0, share: 0.25 },
      { from: wire, queue: 1, share: 0.25 },
      { from: vhu3, queue: 0, share: 0.5 },
    ];
    this.#destinations = new Map([
      [wire, vhu1],
      [vhu3, vhu4],
    ]);
    this.#receivers = [...this.#destinations.values()];
  }

  /** Starts `pps` packets a second in all, runs up, and looks at `ms` of it. */
  async measure(pps: number, warmUpMs: number, ms: number, signal: AbortSignal): Promise<Window> {
    const forMs = warmUpMs + ms + 5000;
    for (const { from, queue, share } of this.#senders) {
      const destination = this.#destinations.get(from)?.address ?? '';
      await from.start({ queue, pps: Math.round(pps * share), forMs, destination });
    }
    try {
      await delay(warmUpMs, undefined, { signal });
      for (const receiver of this.#receivers) await receiver.reset();
      // The slot that runs now is not whole.
      const from = process.hrtime.bigint() / slotNs + 1n;
      const to = from + BigInt(ms / slotMs);
      await delay(ms + 2 * slotMs, undefined, { signal });
      const latencyLog2 = await this.#latencies();
      return { ...(await this.#counts(from, to, ms)), latencyLog2 };
    } finally {
      for (const { from, queue } of this.#senders) await from.stop({ queue });
    }
  }

  async #latencies(): Promise<readonly bigint[]> {
    const each = await Promise.all(this.#receivers.map((receiver) => receiver.counts()));
    const length = Math.max(...each.map(({ latencyLog2 }) => latencyLog2.length));
    return Array.from({ length }, (_, i) => each.reduce((sum, { latencyLog2 }) => sum + (latencyLog2[i] ?? 0n), 0n));
  }

  async #counts(from: bigint, to: bigint, ms: number): Promise<Pick<Window, 'delivered' | 'attempted'>> {
    const senders = [...this.#destinations.keys()];
    const sum = async (ends: readonly Guest[], key: 'received' | 'attempted') => {
      const slots = (await Promise.all(ends.map((end) => end.history()))).flat();
      const within = slots.filter(({ slot }) => slot >= from && slot < to);
      return Number(within.reduce((total, each) => total + each[key], 0n)) / (ms / 1000);
    };
    return { delivered: await sum(this.#receivers, 'received'), attempted: await sum(senders, 'attempted') };
  }

  async #isCarried(pps: number, signal: AbortSignal): Promise<boolean> {
    for (let i = 0; i < tries; i++) {
      const { delivered, attempted } = await this.measure(pps, runUpMs, trialMs, signal);
      if (attempted >= attemptedShare * pps && delivered >= carriedShare * attempted) return true;
    }
    return false;
  }

  /** The highest rate that this machine carries, packets a second, to about 3 %; by doubling, then halving the step. */
  async findMost(signal: AbortSignal): Promise<number> {
    let most = 0;
    let next = firstRate;
    while (next <= rateMax && (await this.#isCarried(next, signal))) {
      most = next;
      next *= 2;
    }
    if (most === rateMax) return most;
    let tooMuch = Math.min(next, rateMax);
    for (let i = 0; i < bisections; i++) {
      const middle = Math.round((most + tooMuch) / 2);
      if (await this.#isCarried(middle, signal)) most = middle;
      else tooMuch = middle;
    }
    if (most === 0)
      throw new LabError(1, `not even ${tooMuch} packets a second pass`, { hint: 'The machine is busy.' });
    return most;
  }
}

/** The latency, us, that `share` of all packets did not exceed; between powers of two it is interpolated. */
export function latencyUs(latencyLog2: readonly bigint[], share: number): number {
  const total = Number(latencyLog2.reduce((sum, each) => sum + each, 0n));
  let left = share * total;
  for (const [bits, packets] of latencyLog2.entries()) {
    const count = Number(packets);
    if (count > 0 && count >= left) return 2 ** (bits - 1 + left / count) / 1000;
    left -= count;
  }
  return Number.NaN;
}
