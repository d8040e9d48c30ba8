import type { Ratio } from '../slo/decimal.ts';
import { type SlotVerdict, worstOf } from './slot-verdict.ts';

/** One vCPU that forwards packets, in one slot. undefined: nobody knows. */
export interface VcpuSlot {
  readonly wallNs: bigint;
  /** It would have run and did not: run delay of its thread on the host (or steal in the guest), and time stopped. */
  readonly waitedNs: bigint | undefined;
  /** The longest of these waits. */
  readonly longestStallNs: bigint | undefined;
}

export interface StealLimits {
  readonly waitRatioMax: Ratio;
  readonly stallNsMax: bigint;
}

/** By flavor (sla research §C.6): vCPUs with a core of their own, and vCPUs that share. */
export const stealLimits = {
  pinned: { waitRatioMax: { num: 1n, den: 1000n }, stallNsMax: 1_000_000n },
  shared: { waitRatioMax: { num: 20n, den: 1000n }, stallNsMax: 1_000_000n },
} as const satisfies Readonly<Record<string, StealLimits>>;

/**
 * CPU steal and stalls of a guest (ETSI NFV-INF 010 "VM stall", "scheduling latency"): a slot is bad when a vCPU waited more
 * than its share of the time, or once longer than 1 ms. A stall that was not measured is no longer than all waits together;
 * where even that leaves it open, the slot is unknown. So it is when a vCPU is, and when there is none.
 *
 * Example, pinned, slots of 1 s: waited 900 us in all: good. 1,000,001 ns: bad. 400 us and a stall of 1.1 ms (it began
 * before): bad. Shared: 15 ms in all are within 20, but a single stall may be among them: unknown unless it was measured.
 */
export function stealSlot(vcpus: readonly VcpuSlot[], limits: StealLimits): SlotVerdict {
  return worstOf(vcpus.map((vcpu) => vcpuSlot(vcpu, limits)));
}

function vcpuSlot(
  { wallNs, waitedNs, longestStallNs }: VcpuSlot,
  { waitRatioMax, stallNsMax }: StealLimits,
): SlotVerdict {
  if (longestStallNs !== undefined && longestStallNs > stallNsMax) return 'bad';
  if (waitedNs === undefined) return 'unknown';
  if (waitedNs * waitRatioMax.den > waitRatioMax.num * wallNs) return 'bad';
  return (longestStallNs ?? waitedNs) > stallNsMax ? 'unknown' : 'good';
}
