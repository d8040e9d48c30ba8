import type { HighLoss } from '../slo/availability.ts';

/** Most that a month may have (sla research §C.5): 60 seconds, 5 runs. */
const maxDefault: HighLoss = { hli: 60n, chli: 5n };

/** `within`: also if each unknown slot is one more of both; `exceeded`: without any of them; else `undetermined`. */
export type HighLossVerdict = 'within' | 'exceeded' | 'undetermined';

/**
 * High-loss intervals and runs of them (MEF 10.4 HLI, CHLI) against their limits. An unknown slot can add one interval, and
 * one run: by making an interval's neighbour one, or by parting a run in two.
 *
 * Outages are taken as they were read (docs/evaluate.md, "What the bounds bound"): had an unknown slot made or broken one,
 * its slots would have come and gone together.
 *
 * Example, limits 60 and 5: 58 and 2 with 2 unknown slots are within; with 3 undetermined (61); 61 are exceeded whatever
 * else; 58 and 4 with 2 unknown slots are undetermined (6 runs).
 */
export function judgeHighLoss(
  { hli, chli }: HighLoss,
  unknownSlots: number,
  max: HighLoss = maxDefault,
): HighLossVerdict {
  if (hli > max.hli || chli > max.chli) return 'exceeded';
  const more = BigInt(unknownSlots);
  return hli + more <= max.hli && chli + more <= max.chli ? 'within' : 'undetermined';
}
