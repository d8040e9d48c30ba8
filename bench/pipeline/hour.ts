import { setTimeout as delay } from 'node:timers/promises';
import { KafkaBroker } from '../../test/lab/kafka/broker.ts';
import { tickMessages } from '../ingest/messages.ts';
import { type Batching, bytesInKafka, fill, type Keyed, makeTopic, openSink } from './filling.ts';
import { memoryMiB } from './process-usage.ts';
import { ProductServer, type Watched, watched } from './product-server.ts';
import { StampedMessage } from './stamped-message.ts';

export interface HourOptions {
  readonly folder: string;
  readonly hosts: number;
  readonly ports: number;
  readonly ticks: number;
  readonly batching: Batching;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export type Memory = Readonly<Record<Watched, number>>;

export interface HourResult extends Pick<HourOptions, 'hosts' | 'ports' | 'ticks'> {
  readonly rows: number;
  readonly ms: number;
  readonly kafkaBytes: number;
  /** MiB, at even distances of time, from the first stored row to the last. */
  readonly memory: readonly Memory[];
  /** The most there ever was, the start included. */
  readonly peak: Memory;
}

const topic = 'hour';
const templateTicks = 60;
const sampleMs = 250;
const drainDeadlineMs = 300_000;

/** A server that finds an hour of ticks in Kafka: what it takes of memory until it has stored them. */
export async function replayHour(options: HourOptions): Promise<HourResult> {
  const { folder, hosts, ports, ticks, batching, signal, say } = options;
  const broker = await KafkaBroker.start();
  let server: ProductServer | undefined;
  try {
    await makeTopic(broker, topic);
    const sink = openSink(broker, topic, batching);
    const messages = await fill(sink, hourOf(options));
    await sink.close();
    const kafkaBytes = bytesInKafka(broker, topic);
    say(`${messages} messages are in Kafka, ${(kafkaBytes / 2 ** 20).toFixed(0)} MiB`);
    // Rows of port_slot, and one of tick a message.
    const rows = messages * (ports * 2 + 1);
    server = await ProductServer.start(folder, broker, topic, signal);
    const { memory, ms } = await watch(server, rows, signal);
    const running = server;
    const peak = Object.fromEntries(watched.map((name) => [name, memoryMiB(running.pidOf(name)).peak])) as Memory;
    return { hosts, ports, ticks, rows, ms, kafkaBytes, memory, peak };
  } finally {
    await server?.stop();
    await broker.stop();
  }
}

async function watch(
  server: ProductServer,
  rows: number,
  signal: AbortSignal,
): Promise<{ readonly memory: Memory[]; readonly ms: number }> {
  const memory: Memory[] = [];
  const startedAtMs = performance.now();
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(drainDeadlineMs)]);
  for (;;) {
    const stored = await server.storedRows();
    if (stored > 0) memory.push(server.memory());
    if (stored > rows) throw new Error(`${stored} rows are stored, only ${rows} were sent`);
    if (stored === rows) return { memory, ms: performance.now() - startedAtMs };
    await delay(sampleMs, undefined, { signal: deadline });
  }
}

/** A minute made beforehand, again and again under its own times. */
function* hourOf({ hosts, ports, ticks }: HourOptions): Generator<Keyed> {
  const from = Math.floor(Date.now() / 1000) - ticks - 60;
  const made = tickMessages(Math.min(templateTicks, ticks), { hosts, ports, withTick: true });
  const templates = made.map(({ value }) => new StampedMessage(value));
  for (let seq = 0; seq < ticks; seq++) {
    const first = (seq % templateTicks) * hosts;
    for (const template of templates.slice(first, first + hosts)) {
      const slot = from + seq;
      const stamp = { stream: 'hour', seq: BigInt(seq), slot, wallNs: BigInt(slot + 1) * 1_000_000_000n };
      yield { key: template.host, value: template.at(stamp) };
    }
  }
}

/** What is promised, MiB; the store with ClickHouse's own limit of 1.5 GiB and its code. */
const bounds: Partial<Memory> = { product: 768, store: 2048, 'control store': 200 };

export function hourReport(result: HourResult, say: (line: string) => void): void {
  const { hosts, ports, ticks, rows, ms, kafkaBytes, memory, peak } = result;
  const seconds = ms / 1000;
  say(
    `${ticks} s of ${hosts} hosts with ${ports} ports: ${rows} rows, ${(kafkaBytes / 2 ** 20).toFixed(0)} MiB in Kafka`,
  );
  say(
    `stored in ${seconds.toFixed(1)} s, ${(rows / seconds / 1e6).toFixed(2)} M rows/s, from the start of the server's page`,
  );
  say('resident memory, MiB: in each quarter of that time the most; the peak from its start');
  for (const name of watched) {
    const values = memory.map((sample) => sample[name]);
    const quarters = [0, 1, 2, 3].map((quarter) => {
      const [from, to] = [quarter, quarter + 1].map((each) => Math.floor((each * values.length) / 4));
      return Math.max(...values.slice(from, to)).toFixed(0);
    });
    const bound = bounds[name];
    const verdict = bound === undefined ? '' : `, ${peak[name] <= bound ? 'within' : 'BEYOND'} ${bound}`;
    say(`  ${name.padEnd(14)} ${quarters.join(', ')}; peak ${peak[name].toFixed(0)}${verdict}`);
  }
}
