import {
  type Absence,
  type Evidence,
  type GuestReadings,
  type RingReadings,
  type Stall,
  secondNs,
  type ThreadRead,
  type ThreadsRead,
} from '../../../../server/attribution/evidence.ts';

export const ms = 1_000_000;

/** One second of ring-full loss of a guest that polls: a ring of 1,000 free buffers at 1 million packets a second, 1 ms. */
export function anEvidence(over: Partial<Evidence> = {}): Evidence {
  const slots = over.slots ?? 1;
  return {
    host: 'cn1',
    port: 'vhu1',
    direction: 'toGuest',
    cause: 'vhost_ring_full',
    place: 'outside',
    slot: 1_793_491_200,
    slots,
    packets: 100n,
    offered: Array.from({ length: slots }, () => 1_000_000n),
    contract: null,
    rings: rings({ sampled: Array.from({ length: slots + 2 }, () => true) }),
    guest: guest({ threads: [aThread(7, slots), aThread(8, slots, { ranNs: idle(slots) })] }),
    pmds: { threads: [aThread(3, slots)], stalls: [] },
    absence: null,
    ...over,
  };
}

/** A port that was set up and whose guest was disconnected. */
export function absence(over: Partial<Absence> = {}): Absence {
  return { admin: ['up'], link: ['down'], ports: [], ...over };
}

export function rings(over: Partial<RingReadings> = {}): RingReadings {
  return {
    size: 1_024,
    freeMost: 1_000,
    sampled: [true, true, true],
    whole: true,
    fullNs: 4 * ms,
    runs: [{ queue: 0, fromNs: 500 * ms, toNs: 504 * ms }],
    ...over,
  };
}

export function guest(over: Partial<GuestReadings> = {}): GuestReadings {
  return { name: 'vm1', threads: [aThread(7, 1)], stalls: [], stopped: [], ...over };
}

export function aThread(tid: number, slots: number, over: Partial<ThreadRead> = {}): ThreadRead {
  const each = (ns: number) => Array.from({ length: slots + 2 }, () => ns);
  return {
    tid,
    ranNs: each(secondNs),
    waitedNs: each(0),
    longestNs: Array.from({ length: slots + 2 }, () => null),
    sleeps: each(0),
    ...over,
  };
}

export function aStall(over: Partial<Stall> = {}): Stall {
  return { tid: 7, kind: 'involuntary', fromNs: 501 * ms, toNs: 503 * ms, lowNs: ms, highNs: ms, ...over };
}

/** The guest's processor waited so long, and was told of in every way in which it can be. */
export function stalled(stallNs: number, stall: Partial<Stall> = {}): GuestReadings {
  return guest({ threads: [waiting(7, stallNs)], stalls: [aStall({ lowNs: stallNs, highNs: stallNs, ...stall })] });
}

export function pmdStalled(stallNs: number): ThreadsRead {
  return { threads: [waiting(3, stallNs)], stalls: [aStall({ tid: 3, lowNs: stallNs, highNs: stallNs })] };
}

/** A thread that waited in the row's only second, and of which no stall was longer. */
export function waiting(tid: number, waitedNs: number, longestNs: number | null = null): ThreadRead {
  return aThread(tid, 1, { waitedNs: [0, waitedNs, 0], longestNs: [longestNs, longestNs, longestNs] });
}

function idle(slots: number): number[] {
  return Array.from({ length: slots + 2 }, () => 0);
}
