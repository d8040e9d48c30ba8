import type { Ratio } from '../slo/decimal.ts';
import { type SlotVerdict, worstOf } from './slot-verdict.ts';

/** `absent`: this kind of queue has no such signal; `unknown`: it was not read. */
export type Signal = { readonly num: bigint; readonly den: bigint } | 'absent' | 'unknown';

/** One queue and the thread that serves it, in one slot. */
export interface QueueSlot {
  /** 99th percentile of used descriptors over the ring's size, of ten samples a second and more. A mean hides overflow. */
  readonly fillP99: Signal;
  /** Attempts to hand over that found the ring full, over packets delivered. */
  readonly retries: Signal;
  /** Busy cycles of the PMD over all its cycles. */
  readonly busy: Signal;
}

const fillMax: Ratio = { num: 8n, den: 10n };
const retriesMax: Ratio = { num: 1n, den: 1000n };
const busyMax: Ratio = { num: 95n, den: 100n };
/** Busy for one slot is work; for as many in a row it is a queue. */
const busyRun = 3;

/**
 * Queue build-up and back-pressure (sla research §C.7), slot by slot in order of time: bad when p99 of the fill is at least
 * 0.8, or retries are above 0.001 of the packets delivered, or the PMD was at least 95 % busy in this slot and the two before
 * it. A slot is good only if every signal the queue has says so. Leading: no credits rest on it.
 *
 * Example, busy 96 % in slots 1 to 4, all else quiet: good, good, bad, bad. With slot 2 unknown: good, unknown, unknown,
 * unknown, and bad only from a fifth on.
 */
export function* queueSlots(slots: Iterable<QueueSlot>): Generator<SlotVerdict> {
  // Slots in a row that were busy, and that may have been.
  let surely = 0;
  let maybe = 0;
  for (const { fillP99, retries, busy } of slots) {
    const busyNow = reaches(busy, busyMax);
    surely = busyNow === 'bad' ? surely + 1 : 0;
    maybe = busyNow === 'good' || busyNow === 'notExercised' ? 0 : maybe + 1;
    const inARow = surely >= busyRun ? 'bad' : maybe >= busyRun || busyNow === 'unknown' ? 'unknown' : quietOf(busyNow);
    yield worstOf([reaches(fillP99, fillMax), exceeds(retries, retriesMax), inARow]);
  }
}

function quietOf(busyNow: SlotVerdict): SlotVerdict {
  return busyNow === 'notExercised' ? 'notExercised' : 'good';
}

function reaches(signal: Signal, { num, den }: Ratio): SlotVerdict {
  if (signal === 'absent') return 'notExercised';
  if (signal === 'unknown' || signal.den === 0n) return 'unknown';
  return signal.num * den >= num * signal.den ? 'bad' : 'good';
}

/** Of nothing delivered, one retry is too many. */
function exceeds(signal: Signal, { num, den }: Ratio): SlotVerdict {
  if (signal === 'absent') return 'notExercised';
  if (signal === 'unknown') return 'unknown';
  return signal.num * den > num * signal.den ? 'bad' : 'good';
}

export interface QueueFlow {
  readonly sizePackets: bigint;
  readonly usedPackets: bigint;
  readonly arrivingPps: bigint;
  readonly servedPps: bigint;
}

/**
 * Seconds until a ring is full, exactly: τ = (size - used) / (λ - μ); null: it does not fill.
 *
 * Example: 1,024 descriptors, 224 used, 14,880,952 pps in and 14,000,000 out: 800 / 880,952 s, 0.9 ms.
 */
export function overflowSeconds({ sizePackets, usedPackets, arrivingPps, servedPps }: QueueFlow): Ratio | null {
  if (arrivingPps <= servedPps) return null;
  const free = sizePackets > usedPackets ? sizePackets - usedPackets : 0n;
  return { num: free, den: arrivingPps - servedPps };
}
