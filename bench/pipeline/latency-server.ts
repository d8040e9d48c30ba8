import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '../../cli/config.ts';
import { makeConfiguredServer } from '../../cli/configured-server.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { latestTick } from '../../server/store/queries/latest-tick.ts';
import { runQuery } from '../../server/store/run-query.ts';

/**
 * Entry of the server whose latency is measured: the product as configured, and a look at the store by the product's own
 * question for the newest tick of every host. A tick counts as seen when the answer that has it is there.
 */

export type LatencyRequest = 'take' | 'close';

export interface Seen {
  readonly rows: number;
  /** From due to seen, ms: each tick that was seen since the last `take`. */
  readonly queryableMs: readonly number[];
  /** How long one look took, ms: the median. */
  readonly lookMs: number;
  /** Failed attempts of ingest since its start, by code. */
  readonly retries: Readonly<Record<string, number>>;
}

const lookEveryMs = 200;
const lookBackSeconds = 60;
const rssLimitMiB = 6000;

const [, , configFile, data] = process.argv;
const config = loadConfig(configFile, { port: 0, ...(data === undefined ? {} : { data }) });
const { server, parts } = await makeConfiguredServer(config, silentLogger);
const lifecycle = new Lifecycle(parts, silentLogger);
const closing = new AbortController();
const newest = new Map<string, { stream: string; seq: bigint }>();
let queryableMs: number[] = [];
let lookMs: number[] = [];

process.on('disconnect', () => process.exit(1));
process.on('message', (request: LatencyRequest) => void answer(request));
await lifecycle.start();
process.send?.({ url: server.url() });
await look();

async function answer(request: LatencyRequest): Promise<void> {
  if (request === 'close') {
    closing.abort();
    await lifecycle.stop();
    process.exit(0);
  }
  const sorted = lookMs.sort((a, b) => a - b);
  const { rows, retries } = server.ingestStats();
  const seen: Seen = { rows, retries, queryableMs, lookMs: sorted[sorted.length >> 1] ?? Number.NaN };
  queryableMs = [];
  lookMs = [];
  process.send?.(seen);
}

async function look(): Promise<void> {
  while (!closing.signal.aborted) {
    const startedAtMs = performance.now();
    const from = Math.floor(Date.now() / 1000) - lookBackSeconds;
    const rows = await runQuery(server.store, latestTick, { host: '', afterHost: '', from, limit: 10_000 }).catch(
      () => [],
    );
    const nowMs = performance.timeOrigin + performance.now();
    for (const { host, stream, seq, wallNs } of rows) {
      const before = newest.get(host);
      const first = before === undefined || before.stream !== stream ? BigInt(seq) : before.seq + 1n;
      // Those between were seen in this look, too; they were due a second apart.
      for (let each = first; each <= BigInt(seq); each++) {
        queryableMs.push(nowMs - (Number(BigInt(wallNs) / 1000n) / 1000 - Number(BigInt(seq) - each) * 1000));
      }
      newest.set(host, { stream, seq: BigInt(seq) });
    }
    lookMs.push(performance.now() - startedAtMs);
    if (process.memoryUsage.rss() > rssLimitMiB * 2 ** 20) throw new Error('the server grows beyond all bounds');
    await delay(lookEveryMs);
  }
}
