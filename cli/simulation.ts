import { Worker } from 'node:worker_threads';
import { FourninesError } from '../core/runtime/error.ts';
import { addedScores, type PlannerScores } from '../server/remediation/simulator/fleet-scores.ts';
import type { PlannerName } from '../server/remediation/simulator/policy.ts';
import type { Scores } from '../server/remediation/simulator/score.ts';
import type { HostTask } from '../server/remediation/simulator/simulate-host.ts';

export interface Simulation {
  readonly hosts: number;
  readonly hours: number;
  readonly seeds: readonly number[];
  readonly planners: readonly PlannerName[];
  readonly workers: number;
  readonly approveAfterSeconds: number | null;
}

/** What a worker answers: scores, or which rule was broken where. */
export type HostAnswer = { readonly scores: Scores } | { readonly failure: string };

const workerFile = import.meta.url.endsWith('.ts') ? './simulation-worker.ts' : './simulation-worker.js';

/**
 * Runs every host under every planner with every seed. Hosts know nothing of each other and sums have no order, so that the
 * answer is the same however many workers share them. The first broken rule ends all.
 */
export async function runSimulation(
  simulation: Simulation,
  onHost: (done: number, all: number) => void,
): Promise<readonly PlannerScores[]> {
  const tasks = tasksOf(simulation);
  const sums = new Map<string, Scores>();
  const workers = Array.from(
    { length: Math.min(simulation.workers, tasks.length) },
    () => new Worker(new URL(workerFile, import.meta.url)),
  );
  let [next, done] = [0, 0];
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) {
          const scores = await simulated(worker, task);
          const key = keyOf(task.planner, task.seed);
          sums.set(key, addedScores([sums.get(key) ?? addedScores([]), scores]));
          onHost(++done, tasks.length);
        }
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return simulation.planners.flatMap((planner) =>
    simulation.seeds.map((seed) => ({ planner, seed, scores: sums.get(keyOf(planner, seed)) ?? addedScores([]) })),
  );
}

function tasksOf({ hosts, hours, seeds, planners, approveAfterSeconds }: Simulation): readonly HostTask[] {
  return planners.flatMap((planner) =>
    seeds.flatMap((seed) =>
      Array.from({ length: hosts }, (_none, host) => ({
        ...{ seed, host, seconds: hours * 3_600, planner, approveAfterSeconds },
      })),
    ),
  );
}

function keyOf(planner: PlannerName, seed: number): string {
  return `${planner} ${seed}`;
}

async function simulated(worker: Worker, task: HostTask): Promise<Scores> {
  const { promise, resolve, reject } = Promise.withResolvers<HostAnswer>();
  const onExit = (code: number) => reject(new Error(`a worker of the simulation ended with ${code}`));
  worker.once('message', resolve).once('error', reject).once('exit', onExit);
  try {
    worker.postMessage(task);
    const answer = await promise;
    if ('failure' in answer) throw new FourninesError('FN_INTERNAL', `the simulation broke a rule: ${answer.failure}`);
    return answer.scores;
  } finally {
    worker.off('message', resolve).off('error', reject).off('exit', onExit);
  }
}
