import { labAddress } from './end.ts';
import { GeneratorClient } from './generator-client.ts';
import { LabError } from './lab-error.ts';
import { type LabState, readLabState } from './lab-state.ts';
import { isAlive } from './process-id.ts';
import { until } from './waiting.ts';

/** The counts of one generator, summed over its queues. */
export interface EndCounts {
  readonly name: string;
  readonly hasLink: boolean;
  readonly attempted: bigint;
  readonly sent: bigint;
  readonly refused: bigint;
  readonly received: bigint;
  readonly isRunning: boolean;
}

/** The state of the lab in `folder`; LabError when there is none. */
export function demandLab(folder: string): LabState {
  const state = readLabState(folder);
  if (state !== undefined) return state;
  throw new LabError(3, `no lab runs in ${folder}`, { hint: 'npm run lab' });
}

/** Where packets of a port go when nobody says otherwise; the same ways as the lab's rules. */
const ways: Readonly<Record<string, string>> = { wire: 'vhu1', vhu3: 'vhu4', vhu4: 'vhu3' };

/** The hardware address behind a port of the lab. */
export function addressOf(name: string): string {
  return labAddress(name === 'wire' ? 0 : Number(/^vhu(\d+)$/.exec(name)?.[1] ?? 0));
}

/** Asks every generator of a running lab, from any process. One that was killed is left out. */
export async function readEnds(state: LabState): Promise<EndCounts[]> {
  const alive = new Set(state.processes.filter(isAlive).map(({ name }) => name));
  const ends = Object.entries(state.controls).filter(([name]) => alive.has(name));
  return Promise.all(
    ends.sort().map(async ([name, path]) => {
      const [port] = await new GeneratorClient(path).status();
      const queues = port?.queues ?? [];
      const sum = (key: 'attempted' | 'sent' | 'refused') => queues.reduce((total, queue) => total + queue[key], 0n);
      return {
        name,
        hasLink: port?.hasLink ?? false,
        attempted: sum('attempted'),
        sent: sum('sent'),
        refused: sum('refused'),
        received: port?.received ?? 0n,
        isRunning: queues.some((queue) => queue.isRunning),
      };
    }),
  );
}

export interface BurstOrder {
  readonly from: string;
  readonly to: string | undefined;
  readonly count: number;
  readonly pps: number;
  readonly size: number;
}

export interface BurstResult {
  readonly from: string;
  readonly to: string;
  readonly attempted: bigint;
  readonly sent: bigint;
  readonly refused: bigint;
  /** What the other end received meanwhile, of whomever. */
  readonly received: bigint;
}

/** Sends exactly `count` packets, waits until they have arrived or are lost, and gives the counts of both ends. */
export async function runBurst(state: LabState, order: BurstOrder): Promise<BurstResult> {
  const to = order.to ?? ways[order.from] ?? 'wire';
  const control = state.controls[order.from];
  if (control === undefined || state.controls[to] === undefined) {
    const names = Object.keys(state.controls).join(', ');
    throw new LabError(2, `there is no port ${control === undefined ? order.from : to}`, { hint: `One of ${names}.` });
  }
  const before = await readEnds(state);
  const { count, pps, size } = order;
  await new GeneratorClient(control).start({ count, pps, size, destination: addressOf(to) });
  let last = '';
  const deadlineMs = (count / pps) * 1000 + 60_000;
  const after = await until({ what: 'the burst is over', deadlineMs, everyMs: 150 }, async () => {
    const ends = await readEnds(state);
    const sender = ends.find(({ name }) => name === order.from);
    const seen = ends.map(({ received }) => received).join();
    const isOver = sender?.isRunning === false && (seen === last || ends.some(({ isRunning }) => isRunning));
    last = seen;
    return isOver ? ends : undefined;
  });
  const grown = (name: string, key: 'attempted' | 'sent' | 'refused' | 'received') =>
    (after.find((end) => end.name === name)?.[key] ?? 0n) - (before.find((end) => end.name === name)?.[key] ?? 0n);
  return {
    from: order.from,
    to,
    attempted: grown(order.from, 'attempted'),
    sent: grown(order.from, 'sent'),
    refused: grown(order.from, 'refused'),
    received: grown(to, 'received'),
  };
}
