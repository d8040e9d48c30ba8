import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { KafkaBroker } from '../../test/lab/kafka/broker.ts';
import { LabPostgres, postgresPrograms } from '../../test/lab/postgres/lab-postgres.ts';
import { rowsOfMessage, rowsOfTick, tickMessages } from '../ingest/messages.ts';
import { type Batching, bytesInKafka, fill, type Keyed, makeTopic, openSink, writeStraightFiles } from './filling.ts';
import { type CpuMs, cpuMsOf, memoryMiB, sinceThen, treeCpuMs } from './process-usage.ts';
import type { Control, FilledFile, Sums } from './protocol.ts';
import { StampedMessage } from './stamped-message.ts';
import { SubjectProcess } from './subject-process.ts';

export interface ThroughputOptions {
  readonly folder: string;
  readonly ticks: number;
  readonly repetitions: number;
  readonly batching: Batching;
  readonly execArgv: readonly string[];
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** CPU time of everybody in one repetition, ms. */
export interface RoadCpu {
  readonly product: CpuMs;
  readonly store: number;
  readonly control: number;
  readonly broker: number;
}

export interface Sample {
  readonly ms: number;
  readonly rowsPerSecond: number;
  readonly cpu: RoadCpu;
  readonly batches: number;
}

export const straightRoad = 'straight in';
export const roadOf = (control: Control) => `Kafka to tables, control store ${control}`;

export interface ThroughputResult {
  readonly rows: number;
  readonly ticks: number;
  /** By road, one a repetition. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  readonly bytesOfRow: {
    readonly message: number;
    readonly kafka: number;
    readonly wire: number;
    readonly disk: number;
    readonly diskMerged: number;
  };
  readonly peakMiB: Readonly<Record<string, number>>;
}

const hoursBack = 2;
const stream = 'bench';

/**
 * The same messages by both roads in every repetition, in turns of their order, so that pairs meet the same noise. What
 * the tables hold afterwards is compared each time: rows, ticks, and packets in raw rows and in minutes.
 */
export class Throughput {
  readonly #options: ThroughputOptions;
  readonly #templates: readonly StampedMessage[];
  readonly #from = (Math.floor(Date.now() / 3_600_000) - hoursBack) * 3600;
  readonly #rows: number;
  #files: readonly FilledFile[] = [];
  #sums: Sums | undefined;

  constructor(options: ThroughputOptions) {
    this.#options = options;
    this.#rows = options.ticks * rowsOfTick;
    const made = tickMessages(options.ticks, { withTick: true, from: this.#from });
    this.#templates = made.map(({ value }) => new StampedMessage(value));
  }

  async run(): Promise<ThroughputResult> {
    const { folder, execArgv, say } = this.#options;
    const straightFolder = join(folder, 'straight');
    mkdirSync(straightFolder);
    this.#files = await writeStraightFiles(straightFolder, [...this.#messages(-1)]);
    say('starting the broker and the stores');
    const broker = await KafkaBroker.start();
    const postgres = postgresPrograms() === undefined ? undefined : await LabPostgres.start();
    const subject = new SubjectProcess({ folder: join(folder, 'server'), postgres: postgres?.options }, execArgv);
    try {
      await subject.ready();
      return await this.#measure(broker, subject, postgres);
    } finally {
      await subject.close();
      await postgres?.[Symbol.asyncDispose]();
      await broker.stop();
    }
  }

  async #measure(
    broker: KafkaBroker,
    subject: SubjectProcess,
    postgres: LabPostgres | undefined,
  ): Promise<ThroughputResult> {
    const { repetitions, signal, say, ticks } = this.#options;
    const controls: Control[] = postgres === undefined ? ['embedded'] : ['embedded', 'postgres'];
    const samples = new Map<string, Sample[]>();
    const bytesOfRow = await this.#warmUp(broker, subject, controls);
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const topic = `repetition-${repetition}`;
      await this.#fillTopic(broker, topic, repetition);
      const roads = [straightRoad, ...controls.map(roadOf)];
      for (const road of repetition % 2 === 0 ? roads : roads.reverse()) {
        signal.throwIfAborted();
        const control = controls.find((each) => roadOf(each) === road);
        const cpu = () => readCpu(broker, subject, control === 'postgres' ? postgres : undefined);
        const before = cpu();
        const { ms, batches } =
          control === undefined
            ? { ...(await subject.straight(String(repetition), this.#files)), batches: this.#files.length / 2 }
            : await this.#drain(broker, subject, control, topic);
        const sample = { ms, batches, rowsPerSecond: this.#rows / (ms / 1000), cpu: spent(cpu(), before) };
        samples.set(road, [...(samples.get(road) ?? []), sample]);
        await this.#check(subject, road);
        await subject.clear();
        say(`${repetition + 1} of ${repetitions}: ${road}: ${(sample.rowsPerSecond / 1e6).toFixed(2)} M rows/s`);
      }
    }
    const peakMiB = {
      product: memoryMiB(subject.pid).peak,
      store: memoryMiB(subject.pids.store).peak,
      'control store, embedded': memoryMiB(subject.pids.control ?? 0).peak,
      broker: memoryMiB(broker.pid).peak,
    };
    return { rows: this.#rows, ticks, samples, bytesOfRow, peakMiB };
  }

  /** All roads once, untimed; the first through the proxy, which counts bytes. */
  async #warmUp(
    broker: KafkaBroker,
    subject: SubjectProcess,
    controls: readonly Control[],
  ): Promise<ThroughputResult['bytesOfRow']> {
    const topic = 'warm-up';
    const messageBytes = await this.#fillTopic(broker, topic, -1);
    const kafkaBytes = bytesInKafka(broker, topic);
    await subject.straight('warm-up', this.#files);
    this.#sums = await subject.sums();
    await this.#check(subject, 'warm-up');
    await subject.clear();
    const carriedBefore = broker.proxy.carriedBytes;
    await this.#drain(broker, subject, 'embedded', topic, broker.proxied);
    const wireBytes = broker.proxy.carriedBytes - carriedBefore;
    await this.#check(subject, 'warm-up');
    const diskBytes = await subject.bytesOnDisk(false);
    const mergedBytes = await subject.bytesOnDisk(true);
    await subject.clear();
    for (const control of controls.filter((each) => each !== 'embedded')) {
      await this.#drain(broker, subject, control, topic);
      await subject.clear();
    }
    const each = (bytes: number) => bytes / this.#rows;
    return {
      message: each(messageBytes),
      kafka: each(kafkaBytes),
      wire: each(wireBytes),
      disk: each(diskBytes),
      diskMerged: each(mergedBytes),
    };
  }

  async #fillTopic(broker: KafkaBroker, topic: string, repetition: number): Promise<number> {
    await makeTopic(broker, topic);
    const sink = openSink(broker, topic, this.#options.batching);
    let bytes = 0;
    const counted = function* (messages: Iterable<Keyed>) {
      for (const message of messages) {
        bytes += message.value.length;
        yield message;
      }
    };
    await fill(sink, counted(this.#messages(repetition)));
    await sink.close();
    return bytes;
  }

  async #drain(
    broker: KafkaBroker,
    subject: SubjectProcess,
    control: Control,
    topic: string,
    address = broker.plain,
  ): Promise<{ readonly ms: number; readonly batches: number }> {
    const records = this.#templates.length;
    const { ms, batches, duplicates, deadLetters } = await subject.drain({ control, topic, broker: address, records });
    if (duplicates + deadLetters > 0) throw new Error(`${duplicates} duplicates, ${deadLetters} dead letters`);
    return { ms, batches };
  }

  /** The streams go on from repetition to repetition: each message is new. */
  *#messages(repetition: number): Generator<Keyed> {
    const hostsOfTick = rowsOfTick / rowsOfMessage;
    for (const [i, template] of this.#templates.entries()) {
      const seq = (repetition + 1) * this.#options.ticks + Math.floor(i / hostsOfTick);
      const slot = this.#from + seq;
      const stamp = { stream, seq: BigInt(seq), slot, wallNs: BigInt(slot + 1) * 1_000_000_000n };
      yield { key: template.host, value: template.at(stamp) };
    }
  }

  async #check(subject: SubjectProcess, road: string): Promise<void> {
    const sums = await subject.sums();
    const expected = { ...this.#sums, rows: this.#rows, ticks: this.#templates.length };
    if (JSON.stringify(sums) === JSON.stringify({ ...sums, ...expected }) && sums.packets === sums.minutePackets)
      return;
    throw new Error(`${road}: the tables hold ${JSON.stringify(sums)}, expected ${JSON.stringify(expected)}`);
  }
}

function readCpu(broker: KafkaBroker, subject: SubjectProcess, postgres: LabPostgres | undefined): RoadCpu {
  const { store, control } = subject.pids;
  const total = (pid: number | undefined) => {
    const { main, others } = pid === undefined ? { main: 0, others: 0 } : cpuMsOf(pid);
    return main + others;
  };
  return {
    product: cpuMsOf(subject.pid),
    store: total(store),
    control: postgres === undefined ? total(control) : treeCpuMs(postgres.pid),
    broker: total(broker.pid),
  };
}

function spent(now: RoadCpu, then: RoadCpu): RoadCpu {
  return {
    product: sinceThen(now.product, then.product),
    store: now.store - then.store,
    control: now.control - then.control,
    broker: now.broker - then.broker,
  };
}
