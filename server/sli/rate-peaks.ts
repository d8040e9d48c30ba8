/** Of observed slots of one second; of the others nobody knows. */
export interface RatePeaks {
  readonly peakPps: bigint;
  /** At least 95 of 100 slots passed no more. */
  readonly p95Pps: bigint;
  readonly slots: number;
}

/**
 * The largest slot and the 95th percentile of slots (nearest rank; sla research §C.2); undefined: no slot is observed.
 *
 * Example: of 20 slots with 1 to 20 packets the 19th smallest, 19, is the 95th percentile, and 20 the peak.
 */
export function ratePeaks(packets: readonly bigint[]): RatePeaks | undefined {
  const sorted = BigUint64Array.from(packets).sort();
  const peakPps = sorted.at(-1);
  const p95Pps = sorted.at(Math.ceil((sorted.length * 95) / 100) - 1);
  return peakPps === undefined || p95Pps === undefined ? undefined : { peakPps, p95Pps, slots: sorted.length };
}
