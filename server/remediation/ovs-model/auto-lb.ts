import { type OvsQueue, type OvsSchedule, type OvsTerms, type OvsThread, ovsSchedule } from './schedule.ts';

export interface MeasuredThread extends OvsThread {
  /** Cycles that passed in its last interval of 5 s; 0: none has ended yet. */
  readonly intervalCycles: bigint;
}

/** A queue, and the core that polls it now; null: none does. */
export interface PolledQueue extends OvsQueue {
  readonly core: number | null;
}

/** What `pmd-auto-lb` finds when it looks whether to reshuffle. */
export interface DryRun {
  /** Of each node: variance of the threads' load in whole percent, now and afterwards, and by how many percent it falls. */
  readonly nodes: readonly {
    readonly numa: number;
    readonly before: bigint;
    readonly after: bigint;
    readonly gain: bigint;
  }[];
  /** It would leave a queue on a foreign node and does not trust its figures then. */
  readonly isRefused: boolean;
  readonly schedule: OvsSchedule;
}

/** Intervals of 5 s that loads are remembered for. */
const rememberedIntervals = 12n;

export function dryRun(threads: readonly MeasuredThread[], queues: readonly PolledQueue[], terms: OvsTerms): DryRun {
  const schedule = ovsSchedule(threads, queues, terms);
  const numas = [...new Set(threads.map(({ numa }) => numa))].sort((a, b) => a - b);
  const isolates = terms.isolate || terms.algorithm === 'cycles';
  const isolatedNow = new Set(
    isolates ? queues.flatMap(({ pin, core }) => (pin !== null && core !== null ? [core] : [])) : [],
  );
  const loadsNow = loadsOf(queues.map(({ core, cycles }) => ({ core, cycles })));
  const loadsThen = loadsOf(schedule.assignments.map(({ core, queue }) => ({ core, cycles: queue.cycles })));
  const numaOf = new Map(threads.map(({ core, numa }) => [core, numa]));
  const crosses = schedule.assignments.some(
    ({ queue, core }) =>
      queue.pin === null && core !== null && !schedule.isolated.has(core) && numaOf.get(core) !== queue.numa,
  );
  return {
    nodes: numas.map((numa) => {
      const here = threads.filter((thread) => thread.numa === numa);
      const before = variance(percents(here, loadsNow, isolatedNow));
      const after = variance(percents(here, loadsThen, schedule.isolated));
      return { numa, before, after, gain: after < before ? ((before - after) * 100n) / before : 0n };
    }),
    isRefused: crosses && numas.length > 1,
    schedule,
  };
}

/** Whether it reshuffles everything: the improvement of any node is enough. */
export function wouldReshuffle({ nodes, isRefused }: DryRun, improvementThreshold: bigint): boolean {
  return !isRefused && nodes.some(({ gain }) => gain >= improvementThreshold);
}

function loadsOf(
  placed: readonly { readonly core: number | null; readonly cycles: bigint }[],
): ReadonlyMap<number, bigint> {
  const loads = new Map<number, bigint>();
  for (const { core, cycles } of placed) if (core !== null) loads.set(core, (loads.get(core) ?? 0n) + cycles);
  return loads;
}

function percents(
  threads: readonly MeasuredThread[],
  loads: ReadonlyMap<number, bigint>,
  isolated: ReadonlySet<number>,
): readonly bigint[] {
  return threads
    .filter(({ core }) => !isolated.has(core))
    .map(({ core, intervalCycles }) =>
      intervalCycles === 0n ? 0n : ((loads.get(core) ?? 0n) * 100n) / (intervalCycles * rememberedIntervals),
    );
}

function variance(values: readonly bigint[]): bigint {
  const n = BigInt(values.length);
  if (n === 0n) return 0n;
  const mean = values.reduce((sum, each) => sum + each, 0n) / n;
  return values.reduce((sum, each) => sum + (each - mean) ** 2n, 0n) / n;
}
