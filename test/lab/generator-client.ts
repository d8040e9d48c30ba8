import { connect, type Socket } from 'node:net';
import { LabError } from './lab-error.ts';

/** A stream of packets from one transmit queue of a generator's port. */
export interface StreamOrder {
  /** Index of the port within its process. */
  readonly port?: number;
  readonly queue?: number;
  /** Packets a second; at most 1,000,000 for all streams of a process. */
  readonly pps: number;
  /** Attempts after which it stops by itself; without: until `stop` or `forMs`. */
  readonly count?: number;
  /** Packets sent back to back; then it sleeps until the next burst is due. */
  readonly burst?: number;
  /** Bytes of a frame without its check sequence, 64 to 1514. */
  readonly size?: number;
  /** Hardware address that the packets go to. */
  readonly destination: string;
  /** Number of UDP source ports that the packets go through in turn. */
  readonly flows?: number;
  /** At most ten minutes. */
  readonly forMs?: number;
}

/** One queue: its stream's counts, and what was received on the queue of the same number. */
export interface QueueCounts {
  readonly queue: number;
  readonly sender: number;
  readonly isRunning: boolean;
  /** attempted = sent + refused. */
  readonly attempted: bigint;
  /** Taken by the ring. */
  readonly sent: bigint;
  /** The ring was full (or the link down): lost before the datapath could see it. */
  readonly refused: bigint;
  /** Time that the schedule was moved on because the machine kept the process from running. */
  readonly slippedNs: bigint;
  readonly received: bigint;
}

/** What a receiver saw of one sending queue. */
export interface SenderCounts {
  readonly sender: number;
  readonly incarnation: number;
  readonly received: bigint;
  /** Holes in the sequence so far; the loss behind the last received packet cannot be seen here. */
  readonly lost: bigint;
  readonly reordered: bigint;
  readonly duplicated: bigint;
}

export interface PortCounts {
  readonly name: string;
  readonly hasLink: boolean;
  readonly reader: string;
  readonly queues: readonly QueueCounts[];
  readonly received: bigint;
  readonly receivedBytes: bigint;
  /** Packets that no generator sent. */
  readonly foreign: bigint;
  readonly untracked: bigint;
  readonly lost: bigint;
  readonly reordered: bigint;
  readonly duplicated: bigint;
  /** Undefined before the first packet. */
  readonly latencyMinNs: bigint | undefined;
  readonly latencyMaxNs: bigint | undefined;
  /** Packets by bit length of their latency in ns: index b counts 2^(b-1) to 2^b - 1. */
  readonly latencyLog2: readonly bigint[];
  readonly senders: readonly SenderCounts[];
}

/** 10 ms of a port. Latencies are 0 when nothing arrived. */
export interface HistorySlot {
  /** CLOCK_MONOTONIC in units of 10 ms. */
  readonly slot: bigint;
  readonly attempted: bigint;
  readonly sent: bigint;
  readonly refused: bigint;
  readonly received: bigint;
  readonly lost: bigint;
  readonly reordered: bigint;
  readonly latencyMinNs: bigint;
  readonly latencyMaxNs: bigint;
  /** Worst overdue wake-up of the generator itself. */
  readonly lateNs: bigint;
}

type Reply = Readonly<Record<string, unknown>>;

const replyBytesMax = 5 << 20;
const deadlineMs = 5000;

/** Every whole number becomes a bigint: counters pass 2^53. */
function toBigInt(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && context?.source !== undefined ? BigInt(context.source) : value;
}

function isRecord(value: unknown): value is Reply {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function records(value: unknown): readonly Reply[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** A counter of a reply; one that is missing is a mistake, not a zero. */
function counter(reply: Reply, key: string): bigint {
  const value = reply[key];
  if (typeof value === 'bigint') return value;
  throw new LabError(1, `the generator's answer has no ${key}`, { hint: 'Client and generator do not fit together.' });
}

function queueOf(reply: Reply): QueueCounts {
  return {
    queue: Number(counter(reply, 'queue')),
    sender: Number(counter(reply, 'sender')),
    isRunning: reply['running'] === true,
    attempted: counter(reply, 'attempted'),
    sent: counter(reply, 'sent'),
    refused: counter(reply, 'refused'),
    slippedNs: counter(reply, 'slippedNs'),
    received: counter(reply, 'received'),
  };
}

function senderOf(reply: Reply): SenderCounts {
  return {
    sender: Number(counter(reply, 'sender')),
    incarnation: Number(counter(reply, 'incarnation')),
    received: counter(reply, 'received'),
    lost: counter(reply, 'lost'),
    reordered: counter(reply, 'reordered'),
    duplicated: counter(reply, 'duplicated'),
  };
}

function portOf(reply: Reply): PortCounts {
  const hasReceived = reply['latencyMinNs'] !== undefined;
  const buckets = reply['latencyLog2'];
  return {
    name: String(reply['name']),
    hasLink: reply['link'] === true,
    reader: String(reply['reader']),
    queues: records(reply['queues']).map(queueOf),
    received: counter(reply, 'received'),
    receivedBytes: counter(reply, 'receivedBytes'),
    foreign: counter(reply, 'foreign'),
    untracked: counter(reply, 'untracked'),
    lost: counter(reply, 'lost'),
    reordered: counter(reply, 'reordered'),
    duplicated: counter(reply, 'duplicated'),
    latencyMinNs: hasReceived ? counter(reply, 'latencyMinNs') : undefined,
    latencyMaxNs: hasReceived ? counter(reply, 'latencyMaxNs') : undefined,
    latencyLog2: Array.isArray(buckets) ? buckets.map((each) => BigInt(each as bigint)) : [],
    senders: records(reply['senders']).map(senderOf),
  };
}

function slotOf(values: readonly bigint[]): HistorySlot {
  const [slot, attempted, sent, refused, received, lost, reordered, latencyMinNs, latencyMaxNs, lateNs] = values;
  return {
    slot: slot ?? 0n,
    attempted: attempted ?? 0n,
    sent: sent ?? 0n,
    refused: refused ?? 0n,
    received: received ?? 0n,
    lost: lost ?? 0n,
    reordered: reordered ?? 0n,
    latencyMinNs: latencyMinNs ?? 0n,
    latencyMaxNs: latencyMaxNs ?? 0n,
    lateNs: lateNs ?? 0n,
  };
}

/** Sends one line and gives the one line that comes back; bounded in time and size. */
function exchange(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(path);
    let received = '';
    const finish = (error: Error | undefined) => {
      socket.destroy();
      if (error !== undefined) reject(error);
    };
    socket.setTimeout(deadlineMs, () =>
      finish(new LabError(1, `${path} does not answer`, { hint: 'Look at its log.' })),
    );
    socket.on('error', finish);
    socket.on('close', () => reject(new LabError(1, `${path} closed without an answer`, { hint: 'Look at its log.' })));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      received += chunk;
      if (received.length > replyBytesMax)
        finish(new LabError(1, `${path} answers too much`, { hint: 'Look at its log.' }));
      const end = received.indexOf('\n');
      if (end === -1) return;
      resolve(received.slice(0, end));
      finish(undefined);
    });
    socket.write(`${line}\n`);
  });
}

/** Commands to one generator process over its control socket; each is a connection of its own. */
export class GeneratorClient {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Sends a line as it is; for tests of bad input. */
  async raw(line: string): Promise<Reply> {
    const reply: unknown = JSON.parse(await exchange(this.path, line), toBigInt);
    return isRecord(reply) ? reply : {};
  }

  async start(order: StreamOrder): Promise<void> {
    await this.#command({ cmd: 'start', ...order });
  }

  /** Stops one queue's stream, or all. */
  async stop(which: { readonly port?: number; readonly queue?: number } = {}): Promise<void> {
    await this.#command({ cmd: 'stop', ...which });
  }

  /** How a port reads its ring: at once, at most `pps` packets a second, or not at all. */
  async reader(
    mode: 'fast' | 'slow' | 'off',
    options: { readonly port?: number; readonly pps?: number } = {},
  ): Promise<void> {
    await this.#command({ cmd: 'reader', mode, ...options });
  }

  async status(): Promise<readonly PortCounts[]> {
    return records((await this.#command({ cmd: 'status' }))['ports']).map(portOf);
  }

  /** The last minute in slots of 10 ms, without the empty ones. */
  async history(port = 0): Promise<readonly HistorySlot[]> {
    const slots: HistorySlot[] = [];
    let since = 0n;
    // A minute has 6,000 slots and an answer at most 1,000 of them.
    for (let page = 0; page < 8; page++) {
      const reply = await this.#command({ cmd: 'history', port, since });
      const found = Array.isArray(reply['slots']) ? (reply['slots'] as bigint[][]) : [];
      slots.push(...found.map(slotOf));
      if (found.length < 1000) break;
      since = counter(reply, 'next');
    }
    return slots;
  }

  /** All counts of the process start at 0 again. Running streams and sequences go on. */
  async reset(): Promise<void> {
    await this.#command({ cmd: 'reset' });
  }

  async quit(): Promise<void> {
    await this.#command({ cmd: 'quit' });
  }

  async #command(command: Readonly<Record<string, unknown>>): Promise<Reply> {
    const line = JSON.stringify(command, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
    const reply = await this.raw(line);
    if (reply['ok'] === true) return reply;
    throw new LabError(1, `the generator refused ${line}: ${reply['error']} ${reply['detail'] ?? ''}`, {
      hint: 'Mend the order.',
    });
  }
}
