import type { DatapathReadings, QueueWindow, ThreadWindow } from './readings.ts';

/** Windows of a thread from so soon after it took its queues anew say nothing, s. */
export const reloadSeconds = 10;
/** `pmd-perf-show` is asked a second after `pmd-rxq-show`, and once in five. */
export const pairSeconds = 5;

/** One telling of all queues, and what of it counts. */
export interface Telling {
  readonly slot: number;
  readonly queues: readonly QueueWindow[];
  /** Of each thread whose shares count here: overhead, ppm. */
  readonly overheadPpm: ReadonlyMap<number, number>;
}

export interface ValidWindows {
  /** Oldest first. */
  readonly tellings: readonly Telling[];
  /** When a thread was last seen to have taken its queues anew, by core. */
  readonly reloadedAt: ReadonlyMap<number, number>;
}

/**
 * Which shares count. A reload leaves no trace but in what is told: shares are NOT AVAIL, or queues are on a thread that were not
 * there before. What a thread tells until `reloadSeconds` later is left out, and so is what has no reading of the thread itself
 * beside it, or one across a step of the clock.
 */
export function validWindows({ queues, threads }: Pick<DatapathReadings, 'queues' | 'threads'>): ValidWindows {
  const slots = [...new Set(queues.map(({ slot }) => slot))].sort((a, b) => a - b);
  const reloadedAt = new Map<number, number>();
  const before = new Map<number, string>();
  const tellings = slots.map((slot) => {
    const told = queues.filter((queue) => queue.slot === slot);
    const cores = new Set([...told.map(({ core }) => core), ...threads.map(({ core }) => core)]);
    const overheadPpm = new Map<number, number>();
    for (const core of cores) {
      const own = told.filter((queue) => queue.core === core);
      const names = namesOf(own);
      const wasOther = before.has(core) && before.get(core) !== names;
      if (wasOther || own.some(({ usagePpm }) => usagePpm === null)) reloadedAt.set(core, slot);
      before.set(core, names);
      const overhead = overheadOf(core, own, slot, threads);
      const isSettled = slot - (reloadedAt.get(core) ?? Number.NEGATIVE_INFINITY) >= reloadSeconds;
      if (overhead !== undefined && isSettled) overheadPpm.set(core, overhead);
    }
    return { slot, queues: told, overheadPpm };
  });
  return { tellings, reloadedAt };
}

function namesOf(queues: readonly QueueWindow[]): string {
  return JSON.stringify(queues.map(({ port, queue }) => [port, queue]).sort());
}

/** What the thread does beside its queues; undefined: nobody tells, or what is told cannot be. */
function overheadOf(
  core: number,
  queues: readonly QueueWindow[],
  slot: number,
  threads: readonly ThreadWindow[],
): number | undefined {
  const beside = threads.find((thread) => thread.core === core && thread.to > slot && thread.to <= slot + pairSeconds);
  if (beside === undefined || beside.busyPpm === null || beside.suspect) return undefined;
  let sum = 0;
  for (const { usagePpm } of queues) {
    // Above a whole core there is no share: the format is not the one that is known.
    if (usagePpm === null || usagePpm < 0 || usagePpm > 1_000_000) return undefined;
    sum += usagePpm;
  }
  return beside.busyPpm < sum ? undefined : beside.busyPpm - sum;
}

/** What counts of a thread over all tellings, oldest first. */
export function overheadsOf(tellings: readonly Telling[], core: number): readonly number[] {
  return tellings.flatMap(({ overheadPpm }) => overheadPpm.get(core) ?? []);
}

/** What counts of each queue over all tellings, oldest first, whichever thread it was on. */
export function usagesOf(tellings: readonly Telling[]): ReadonlyMap<string, readonly number[]> {
  const usages = new Map<string, number[]>();
  for (const { queues, overheadPpm } of tellings)
    for (const { port, queue, core, usagePpm } of queues) {
      if (!overheadPpm.has(core) || usagePpm === null) continue;
      const id = rxqId(port, queue);
      const known = usages.get(id);
      if (known === undefined) usages.set(id, [usagePpm]);
      else known.push(usagePpm);
    }
  return usages;
}

/** Names a queue in plans. */
export function rxqId(port: string, queue: number): string {
  return `${port}/${queue}`;
}
