import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KafkaBroker } from '../../test/lab/kafka/broker.ts';
import { rowsOfMessage } from '../ingest/messages.ts';
import { makeTopic } from './filling.ts';
import type { LatencyRequest, Seen } from './latency-server.ts';
import { dueMs, type LoadOrder, type LoadResult } from './load.ts';
import { childNamed, memoryMiB, treeCpuMs } from './process-usage.ts';

export interface LatencyOptions {
  readonly folder: string;
  /** Rows a second, the first that holds ends the search. */
  readonly rates: readonly number[];
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface RateResult {
  readonly rate: number;
  readonly hosts: number;
  readonly seconds: number;
  readonly ticksSeen: number;
  readonly ticksLive: number;
  readonly queryableMs: Quantiles;
  readonly liveMs: Quantiles;
  /** From due to the broker's acknowledgement: what the bus and the load take of it. */
  readonly acknowledgedMs: Quantiles;
  readonly loadLateMs: Quantiles;
  readonly lookMs: number;
  /** Failed attempts of ingest, by code: a store or a control store that was too slow. */
  readonly retries: Readonly<Record<string, number>>;
  /** Share of a core. */
  readonly cpu: Readonly<Record<'product' | 'store' | 'control store' | 'broker' | 'load', number>>;
  readonly peakMiB: Readonly<Record<'product' | 'store' | 'broker', number>>;
  /** All that was sent could be asked for soon after the last was sent. */
  readonly keptUp: boolean;
}

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export const latencyGoals = { queryableP50Ms: 2000, queryableP99Ms: 5000, liveP99Ms: 1500 };
const ports = rowsOfMessage / 2;
const openPages = 20;
const warmUpSeconds = 10;
/** Rows of the last second must be in so soon after it, or the load was more than what is carried. */
const keptUpMs = 5000;
const firstStoredMs = 120_000;
/** A new stream of a host is heard when the one before has been silent for so long, and a moment to start in. */
const fenceSeconds = 8;
/** A server of its own for each rate, on a topic that holds nothing else. */
const topicOf = (rate: number) => `rate-${rate}`;
const configText = (broker: KafkaBroker, rate: number) =>
  `bus: { kafka: { brokers: ["${broker.plain.host}:${broker.plain.port}"], topic: "${topicOf(rate)}" } }\n`;

function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

export function holds({ keptUp, queryableMs, liveMs, ticksLive }: RateResult): boolean {
  const { queryableP50Ms, queryableP99Ms, liveP99Ms } = latencyGoals;
  const inTime = queryableMs.p50 < queryableP50Ms && queryableMs.p99 < queryableP99Ms && liveMs.p99 < liveP99Ms;
  return keptUp && ticksLive > 0 && inTime;
}

/** Ticks at a rate through Kafka to a server with its defaults, and pages that look on. */
export async function measureLatency(options: LatencyOptions): Promise<RateResult[]> {
  const { folder, rates, say } = options;
  const broker = await KafkaBroker.start();
  const results: RateResult[] = [];
  try {
    for (const rate of rates) {
      await makeTopic(broker, topicOf(rate));
      writeFileSync(join(folder, 'config.yaml'), configText(broker, rate));
      const server = await LatencyServer.start(folder, String(rate));
      try {
        const result = await measureRate(options, broker, server, rate);
        results.push(result);
        say(`${rate} rows/s: ${holds(result) ? 'holds' : 'does not hold'}`);
        if (holds(result)) break;
      } finally {
        await server.stop();
      }
    }
  } finally {
    await broker.stop();
  }
  return results;
}

async function measureRate(
  { seconds, signal }: LatencyOptions,
  broker: KafkaBroker,
  server: LatencyServer,
  rate: number,
): Promise<RateResult> {
  const hosts = Math.max(1, Math.round(rate / rowsOfMessage));
  const plan = { broker: broker.plain, topic: topicOf(rate), hosts, ports };
  await storeFirst(server, plan, signal);
  const fromSlot = Math.floor(Date.now() / 1000) + fenceSeconds;
  const ticks = warmUpSeconds + seconds;
  const order: LoadOrder = { ...plan, stream: 'measured', fromSlot, ticks };
  const load = startLoad(order);
  const leaving = new AbortController();
  const pages = Array.from({ length: Math.min(openPages, hosts) }, (_, page) =>
    watchPage(server.url, Math.floor((page * hosts) / Math.min(openPages, hosts)), hosts, leaving.signal),
  );
  try {
    await delay((fromSlot + 1 + warmUpSeconds) * 1000 - Date.now(), undefined, { signal });
    await server.take();
    for (const { liveMs } of pages) liveMs.length = 0;
    const cpuBefore = cpuOf(server, broker);
    await delay(seconds * 1000, undefined, { signal });
    const seen = await server.take();
    const cpuAfter = cpuOf(server, broker);
    const liveMs = pages.flatMap((page) => page.liveMs.slice());
    const sent = await load.result;
    const keptUp = await allStored(server, hosts + sent.messages, keptUpMs, signal);
    const measured = (values: readonly number[]) => quantilesOf(values.slice(warmUpSeconds * hosts));
    const share = (name: keyof typeof cpuAfter) => (cpuAfter[name] - cpuBefore[name]) / (seconds * 1000);
    return {
      ...{ rate: hosts * rowsOfMessage, hosts, seconds, keptUp, lookMs: seen.lookMs, retries: seen.retries },
      ticksSeen: seen.queryableMs.length,
      ticksLive: liveMs.length,
      queryableMs: quantilesOf(seen.queryableMs),
      liveMs: quantilesOf(liveMs),
      acknowledgedMs: measured(sent.acknowledgedMs),
      loadLateMs: measured(sent.lateMs),
      cpu: {
        product: share('product'),
        store: share('store'),
        'control store': share('control store'),
        broker: share('broker'),
        load: sent.cpuMs / (ticks * 1000),
      },
      peakMiB: {
        product: memoryMiB(server.pid).peak,
        store: memoryMiB(server.storePid).peak,
        broker: memoryMiB(broker.pid).peak,
      },
    };
  } finally {
    leaving.abort();
    load.child.kill();
    await Promise.allSettled(pages.map(({ ended }) => ended));
  }
}

function cpuOf(server: LatencyServer, broker: KafkaBroker) {
  const [store, control] = [treeCpuMs(server.storePid), treeCpuMs(server.controlPid)];
  const product = treeCpuMs(server.pid) - store - control;
  return { product, store, 'control store': control, broker: treeCpuMs(broker.pid) };
}

/** One tick of every host: a new server makes its control store first, which takes seconds, once. */
async function storeFirst(
  server: LatencyServer,
  plan: Pick<LoadOrder, 'broker' | 'topic' | 'hosts' | 'ports'>,
  signal: AbortSignal,
): Promise<void> {
  const { result } = startLoad({ ...plan, stream: 'first', fromSlot: Math.floor(Date.now() / 1000), ticks: 1 });
  await result;
  if (await allStored(server, plan.hosts, firstStoredMs, signal)) return;
  throw new Error('the server does not store the first tick');
}

async function allStored(server: LatencyServer, messages: number, withinMs: number, signal: AbortSignal) {
  const until = performance.now() + withinMs;
  while (performance.now() < until) {
    // With each message's own row of `tick`.
    if ((await server.take()).rows >= messages * (rowsOfMessage + 1)) return true;
    await delay(100, undefined, { signal });
  }
  return false;
}

function startLoad(order: LoadOrder): { readonly child: ChildProcess; readonly result: Promise<LoadResult> } {
  const child = fork(fileURLToPath(new URL('./load.ts', import.meta.url)), [JSON.stringify(order)], {
    serialization: 'advanced',
  });
  const result = new Promise<LoadResult>((resolve, reject) => {
    child.once('message', (message: LoadResult) => resolve(message));
    child.once('exit', (code) => reject(new Error(`the load ended with ${code}`)));
  });
  result.catch(() => undefined);
  return { child, result };
}

/** A page that shows one host: what it is told, and how long after it was due. */
function watchPage(url: string, host: number, hosts: number, signal: AbortSignal) {
  const liveMs: number[] = [];
  const read = async () => {
    const response = await fetch(`${url}/api/v1/stream?host=compute-${host}`, { signal });
    let text = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body as ReadableStream<Uint8Array>) {
      text += decoder.decode(bytes, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      const nowMs = performance.timeOrigin + performance.now();
      for (const event of events) {
        const slot = /^event: tick\ndata: \{"host":"[^"]+","slot":(\d+),/m.exec(event)?.[1];
        if (slot !== undefined) liveMs.push(nowMs - dueMs(Number(slot), host, hosts));
      }
    }
  };
  return { liveMs, ended: read() };
}

class LatencyServer {
  readonly #child: ChildProcess;
  url = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(folder: string, name: string): Promise<LatencyServer> {
    const file = fileURLToPath(new URL('./latency-server.ts', import.meta.url));
    const child = fork(file, [join(folder, 'config.yaml'), join(folder, `server-${name}`)], {
      serialization: 'advanced',
    });
    const server = new LatencyServer(child);
    const [told] = (await once(child, 'message', { signal: AbortSignal.timeout(60_000) })) as [{ url: string }];
    server.url = told.url;
    return server;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get storePid(): number {
    return childNamed(this.pid, 'store/embedded/child') ?? 0;
  }

  get controlPid(): number {
    return childNamed(this.pid, 'control/embedded/main') ?? 0;
  }

  async take(): Promise<Seen> {
    this.#child.send('take' satisfies LatencyRequest);
    const [seen] = (await once(this.#child, 'message', { signal: AbortSignal.timeout(30_000) })) as [Seen];
    return seen;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    this.#child.send('close' satisfies LatencyRequest);
    await exited;
    clearTimeout(late);
  }
}
