import {
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
    ...over,
  };
}

export function rings(over: Partial<RingReadings> = {}): RingReadings {
  return {
    size: 1_024,
    freeMost: 1_000,
    sampled: [true, true, true],
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
  return { tid, ranNs: each(secondNs), waitedNs: each(0), sampled: true, ...over };
}

export function aStall(over: Partial<Stall> = {}): Stall {
  return { tid: 7, kind: 'involuntary', fromNs: 501 * ms, toNs: 503 * ms, stallNs: ms, ...over };
}

/** The guest's processor waited, and was told of in every way in which it can be. */
export function stalled(stall: Partial<Stall>, over: Partial<ThreadRead> = {}): GuestReadings {
  const waited = stall.stallNs ?? ms;
  return guest({ threads: [aThread(7, 1, { waitedNs: [0, waited, 0], ...over })], stalls: [aStall(stall)] });
}

export function pmdStalled(stall: Partial<Stall>): ThreadsRead {
  return {
    threads: [aThread(3, 1, { waitedNs: [0, stall.stallNs ?? ms, 0] })],
    stalls: [aStall({ tid: 3, ...stall })],
  };
}

function idle(slots: number): number[] {
  return Array.from({ length: slots + 2 }, () => 0);
}
