/** One assignment of receive queues as ovs-vswitchd wrote it into its log. */
export interface RecordedPass {
  /** undefined: every queue is pinned, and then it does not say. */
  readonly algorithm: string | undefined;
  /** In the order of the log. */
  readonly queues: readonly RecordedQueue[];
}

export interface RecordedQueue {
  readonly port: string;
  readonly queue: number;
  readonly cycles: bigint;
  readonly isPinned: boolean;
  readonly core: number | null;
}

const measured = String.raw`(?: \(measured processing cycles (\d+)\))?`;
const lines = {
  performing: /Performing pmd to rx queue assignment using (\w+) algorithm\./,
  pinned: new RegExp(String.raw`Core +(\d+) on numa node \d+ is pinned with port '(.+)' rx queue (\d+)${measured}$`),
  assigned: new RegExp(String.raw`Core +(\d+) on numa node \d+ assigned port '(.+)' rx queue (\d+)${measured}\.$`),
  unpolled: new RegExp(
    String.raw`available for port '(.+)' rx queue (\d+)${measured}\. This rx queue will not be polled\.$`,
  ),
};

type Open = { -readonly [K in keyof RecordedPass]: RecordedPass[K] } & { queues: RecordedQueue[] };

/** Passes in a piece of the log; the last one may not be whole. */
export function passesOf(log: string): readonly RecordedPass[] {
  const passes: Open[] = [];
  let open: Open | undefined;
  const begin = (algorithm?: string) => {
    open = { algorithm, queues: [] };
    passes.push(open);
    return open;
  };
  for (const line of log.split('\n')) {
    const algorithm = lines.performing.exec(line)?.[1];
    if (algorithm !== undefined) {
      // What is pinned stands before it.
      if (open === undefined || open.algorithm !== undefined || open.queues.length === 0) begin(algorithm);
      else open.algorithm = algorithm;
      continue;
    }
    const queue = queueOf(line);
    if (queue === undefined) continue;
    const isAgain = open?.queues.some((each) => each.port === queue.port && each.queue === queue.queue) ?? true;
    const isNext = queue.isPinned && open?.algorithm !== undefined;
    (open === undefined || isAgain || isNext ? begin() : open).queues.push(queue);
  }
  return passes;
}

function queueOf(line: string): RecordedQueue | undefined {
  const pinned = lines.pinned.exec(line);
  const assigned = pinned ?? lines.assigned.exec(line);
  if (assigned !== null) {
    const [, core, port = '', queue, cycles = '0'] = assigned;
    return { port, queue: Number(queue), cycles: BigInt(cycles), isPinned: pinned !== null, core: Number(core) };
  }
  const unpolled = lines.unpolled.exec(line);
  if (unpolled === null) return undefined;
  const [, port = '', queue, cycles = '0'] = unpolled;
  return { port, queue: Number(queue), cycles: BigInt(cycles), isPinned: false, core: null };
}
