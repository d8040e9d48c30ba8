/** A stall of a thread, as it was told: it lies wholly within `fromNs` to `toNs`. */
export interface ToldStall {
  readonly tid: number;
  readonly startTicks: string;
  readonly fromNs: string;
  readonly toNs: string;
  readonly goesOn: boolean;
}

/**
 * Stalls, each told once: one that goes on is told each second anew, and all of it once more when it ends. Of those words the last
 * stands. The order is kept.
 *
 * Example: a wait told at second 1 and 2 as going on, and as ended at 2.5 s: the last alone.
 */
export function toldOnce<S extends ToldStall>(stalls: readonly S[]): S[] {
  const ofThread = Map.groupBy(stalls, ({ tid, startTicks }) => `${tid} ${startTicks}`);
  const isLastWord = (stall: S) => {
    const at = BigInt(stall.toNs);
    const own = ofThread.get(`${stall.tid} ${stall.startTicks}`) ?? [];
    // What went on at that instant lies around it in whatever was told later.
    return !own.some((other) => BigInt(other.fromNs) < at && BigInt(other.toNs) > at);
  };
  return stalls.filter((stall) => !stall.goesOn || isLastWord(stall));
}
