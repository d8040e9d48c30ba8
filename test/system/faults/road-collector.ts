/**
 * A collector without sources: `node road-collector.ts OPTIONS [ARMED]`. Ticks that anybody can make again go through the
 * product's spool, publisher and Kafka sink. Where it goes on after a kill, the spool says: a tick that it refused never
 * happened, and the next attempt has the same sequence and the same values.
 */
import { KafkaLink } from '../../../bus/kafka/link.ts';
import { KafkaSink } from '../../../bus/kafka/sink.ts';
import { SpooledBus } from '../../../collector/spool/spooled-bus.ts';
import { sleepMs } from '../../../core/runtime/clock.ts';
import { toFourninesError } from '../../../core/runtime/error.ts';
import { silentLogger } from '../../../core/runtime/logger.ts';
import { messageBytesMax } from '../../../core/wire/message.ts';
import { Fuse, subjectArguments, tell } from './fuse.ts';
import { type RoadOptions, roadTick, slotOf } from './road-ticks.ts';

/** What the harness hears: `answered` and `opened` are of one host, `backlog` and `refused` of all. */
export type CollectorTold =
  | { readonly what: 'opened' | 'finished'; readonly host: string; readonly id: string; readonly nextSeq: string }
  | { readonly what: 'answered'; readonly host: string; readonly seq: string }
  | { readonly what: 'status'; readonly backlog: number; readonly refused: number };

const mebibyte = 1024 * 1024;
const config = {
  bytesMax: 64 * mebibyte,
  segmentBytes: mebibyte / 4,
  fsyncMs: 200,
  drainBytesPerSecondMax: 8 * mebibyte,
};
const checkpointEvery = 200n;
const statusEveryMs = 50;
const bootId = 'boot';

const { options, armed } = subjectArguments<RoadOptions>();
const finishing = new AbortController();
const fuse = new Fuse(armed, () => finishing.abort());
const impatient = { requestTimeoutMs: 1500, connectTimeoutMs: 1500 };
const sink = new KafkaSink({
  link: new KafkaLink({ brokers: [{ host: '127.0.0.1', port: options.brokerPort }], clientId: 'road', ...impatient }),
  topic: options.topic,
  bytesMax: 16 * mebibyte,
  recordBytesMax: messageBytesMax,
  compression: 'zstd',
  lingerMs: 5,
  batchBytesMax: mebibyte,
  nowMs: Date.now,
  logger: silentLogger,
});
const spools = options.hosts.map((host) => {
  const spool = new SpooledBus({
    config,
    folder: `${options.spools}/${host}`,
    host,
    bootId,
    sink,
    logger: silentLogger,
    reached: fuse.reached,
  });
  return { host, spool };
});
for (const { host, spool } of spools) {
  await spool.start();
  tell({ what: 'opened', host, id: spool.id, nextSeq: String(spool.nextSeq) });
}
setInterval(() => {
  const all = spools.map(({ spool }) => spool.status());
  const sum = (of: 'backlogTicks' | 'refused') => all.reduce((total, status) => total + (status?.[of] ?? 0), 0);
  tell({ what: 'status', backlog: sum('backlogTicks'), refused: sum('refused') });
}, statusEveryMs).unref();
await Promise.all(spools.map(({ host, spool }) => feed(host, spool)));
for (const { host, spool } of spools) {
  while (spool.status()?.backlogTicks !== 0) await sleepMs(10, AbortSignal.timeout(60_000));
  tell({ what: 'finished', host, id: spool.id, nextSeq: String(spool.nextSeq) });
}
for (const { spool } of spools) await spool.stop();
await sink.close(1000);
fuse.release();

async function feed(host: string, spool: SpooledBus): Promise<void> {
  const { backlog, pauseMs } = options;
  while (!finishing.signal.aborted) {
    const seq = spool.nextSeq;
    const isPaused = await append(host, spool, seq);
    if (isPaused || seq >= BigInt(backlog)) await sleepMs(pauseMs, finishing.signal).catch(() => undefined);
  }
}

/** True: the spool did not take it. */
async function append(host: string, spool: SpooledBus, seq: bigint): Promise<boolean> {
  try {
    await spool.append(host, roadTick(options, host, spool.id, seq));
    tell({ what: 'answered', host, seq: String(seq) });
    if (seq % checkpointEvery === 0n) await keepCheckpoint(spool, seq);
    return false;
  } catch (error) {
    if (!toFourninesError(error).retryable) throw error;
    return true;
  }
}

async function keepCheckpoint(spool: SpooledBus, seq: bigint): Promise<void> {
  const boundary = slotOf(options, seq) + 1;
  const wallNs = BigInt(boundary) * 1_000_000_000n;
  await spool.keepStates({ tick: { bootId, wallNs, monoNs: wallNs, boundary }, states: new Map() });
}
