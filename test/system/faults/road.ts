import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KafkaSource } from '../../../bus/kafka/source.ts';
import { FourninesError } from '../../../core/runtime/error.ts';
import { silentLogger } from '../../../core/runtime/logger.ts';
import { EmbeddedStore } from '../../../server/control/embedded/embedded-store.ts';
import type { KafkaBroker } from '../../lab/kafka/broker.ts';
import { until } from '../../lab/waiting.ts';
import { placeControl } from '../control-fixture.ts';
import { makeTopic, openSource } from '../kafka-fixture.ts';
import type { Armed } from './fuse.ts';
import type { CollectorTold } from './road-collector.ts';
import type { ServerTold } from './road-server.ts';
import type { RoadOptions } from './road-ticks.ts';
import { SmallDisk } from './small-disk.ts';
import { childOf, Subject, signalTo } from './subject.ts';

const collectorProgram = fileURLToPath(new URL('./road-collector.ts', import.meta.url));
const serverProgram = fileURLToPath(new URL('./road-server.ts', import.meta.url));
const deadlineMs = 90_000;

export interface RoadSpool {
  id: string;
  /** As the spool says itself when it is opened, and in the end. */
  nextSeq: bigint;
  /** Highest sequence whose append was answered. */
  answered: bigint;
}

/**
 * One log of the whole road: a collector with a spool a host, a topic of its own on a real broker, a server with both
 * stores. Both programs run on while faults are inflicted; what was killed is started again.
 */
export class Road {
  readonly broker: KafkaBroker;
  readonly options: RoadOptions;
  readonly spoolDisk: SmallDisk;
  readonly serverDisk: SmallDisk;
  readonly source: KafkaSource;
  readonly spools = new Map<string, RoadSpool>();
  /** What a subject did that it may not do. */
  readonly complaints: string[] = [];
  /** The codes of the letters that records of the test must become. */
  readonly poison: string[] = [];
  /** Ticks that the test destroyed in the spool: `host seq`. */
  readonly destroyed = new Set<string>();
  wholeTopicsAgain = 0;
  collectorStatus = { backlog: 0, refused: 0 };
  serverStatus = { nextOffset: 0n, retries: 0, blocks: 0, insertsKilled: 0 };
  readonly #folder: string;
  #collector: Subject | undefined;
  #server: Subject | undefined;
  #isServerReady = false;
  #opened = 0;

  static async open(broker: KafkaBroker, options: Pick<RoadOptions, 'seed' | 'firstSlot' | 'backlog'>): Promise<Road> {
    const { topic } = await makeTopic(broker);
    const folder = mkdtempSync(join(tmpdir(), 'fn-faults-'));
    const road = new Road(broker, folder, {
      ...options,
      hosts: ['h0', 'h1', 'h2'],
      brokerPort: broker.ports.proxy,
      topic,
      spools: join(folder, 'spools'),
      data: join(folder, 'server'),
      pauseMs: 20,
    });
    await placeControl(road.options.data);
    return road;
  }

  private constructor(broker: KafkaBroker, folder: string, options: RoadOptions) {
    this.broker = broker;
    this.options = options;
    this.#folder = folder;
    this.spoolDisk = new SmallDisk(options.spools, 48);
    this.serverDisk = new SmallDisk(options.data, 512);
    this.source = openSource(broker, options.topic);
  }

  get collector(): Subject {
    return running(this.#collector, 'collector');
  }

  get server(): Subject {
    return running(this.#server, 'server');
  }

  startCollector(armed?: Armed): void {
    this.#opened = 0;
    this.#collector = new Subject(collectorProgram, this.options, (told) => this.#hear(told as CollectorTold), armed);
  }

  startServer(armed?: Armed): void {
    this.#isServerReady = false;
    this.serverStatus = { ...this.serverStatus, nextOffset: 0n, retries: 0 };
    this.#server = new Subject(serverProgram, this.options, (told) => this.#hearServer(told as ServerTold), armed);
  }

  serverReady(): Promise<void> {
    return this.wait('the server has started', () => this.#isServerReady);
  }

  /** Waits until everything that is in the topic now is stored: whatever was inflicted is over. */
  async recovered(): Promise<void> {
    const end = await this.source.latest(0);
    await this.wait('what is in the topic is stored', () => this.serverStatus.nextOffset >= end);
  }

  /** Waits until so many more ticks have been answered by the spools. */
  async moreTicks(count: number): Promise<void> {
    await this.wait(
      'the spools are open',
      () => this.collector.isRunning && this.#opened === this.options.hosts.length,
    );
    const goal = this.answered + count;
    await this.wait(`${count} more ticks are in the spools`, () => this.answered >= goal);
  }

  get answered(): number {
    return [...this.spools.values()].reduce((sum, { answered }) => sum + Number(answered), 0);
  }

  /** Ends early when a program has ended by itself: nobody would start it again. */
  async wait(what: string, is: () => boolean): Promise<void> {
    const hint = () =>
      [
        `seed ${this.options.seed}, folder ${this.#folder}`,
        `collector ${this.#collector?.isRunning} ${JSON.stringify(this.collectorStatus)} ${this.#collector?.stderr}`,
        `server ${this.#server?.isRunning} ${this.serverStatus.nextOffset} ${this.serverStatus.retries} ${this.#server?.stderr}`,
      ].join('\n');
    const programs = [this.#collector, this.#server];
    const found = await until({ what, deadlineMs, hint, everyMs: 5 }, () => {
      if (programs.some((program) => program !== undefined && program.exitCode !== null)) return 'ended';
      return is() ? 'so' : undefined;
    });
    if (found === 'ended') throw new FourninesError('FN_INTERNAL', `${what}: a program has ended\n${hint()}`);
  }

  /** Ends the collector in order: all it has is on the bus then. */
  async finishCollector(): Promise<void> {
    if (!this.collector.isRunning) this.startCollector();
    this.collector.order({ what: 'finish' });
    const { collector } = this;
    this.#collector = undefined;
    const code = await ended(collector);
    if (code !== 0) this.complaints.push(`the collector ended with ${code}: ${collector.stderr}`);
  }

  /** Ends the server in order: every block it has recorded is stored then. */
  async finishServer(): Promise<void> {
    if (!this.server.isRunning) this.startServer();
    await this.serverReady();
    this.server.order({ what: 'finish' });
    const { server } = this;
    this.#server = undefined;
    const code = await ended(server);
    if (code !== 0) this.complaints.push(`the server ended with ${code}: ${server.stderr}`);
  }

  /** The embedded control store, while no server has it. */
  async inControlStore<T>(work: (store: EmbeddedStore) => Promise<T>): Promise<T> {
    const store = new EmbeddedStore({ folder: join(this.options.data, 'control'), logger: silentLogger });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  /** Takes everything away, whatever runs. */
  async remove(): Promise<void> {
    // One that stands still would not notice the end of its server.
    const programs = ['store/embedded/child.ts', 'control/embedded/main.ts'];
    const children = programs.map((program) => this.#server && childOf(this.#server.pid, program));
    for (const pid of children) if (pid !== undefined) signalTo(pid, 'SIGKILL');
    await Promise.all([this.#collector?.kill(), this.#server?.kill(), this.source.close()]);
    this.spoolDisk.remove();
    this.serverDisk.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #hear(told: CollectorTold): void {
    if (told.what === 'status') {
      this.collectorStatus = told;
      return;
    }
    const spool = this.spools.get(told.host);
    if (told.what === 'answered') {
      if (spool !== undefined) spool.answered = BigInt(told.seq);
      return;
    }
    const { host, id } = told;
    if (told.what === 'opened') this.#opened++;
    const nextSeq = BigInt(told.nextSeq);
    if (spool !== undefined && spool.id !== id) this.complaints.push(`${host}: the spool has another identity`);
    if (spool !== undefined && nextSeq <= spool.answered) {
      this.complaints.push(`${host}: tick ${spool.answered} was answered, and the spool goes on at ${nextSeq}`);
    }
    this.spools.set(host, { id, nextSeq, answered: nextSeq - 1n });
  }

  #hearServer(told: ServerTold): void {
    if (told.what === 'started') this.#isServerReady = true;
    else if (told.what === 'killedInsert') this.serverStatus.insertsKilled++;
    else Object.assign(this.serverStatus, { ...told, nextOffset: BigInt(told.nextOffset) });
  }
}

function running(subject: Subject | undefined, name: string): Subject {
  if (subject === undefined) throw new FourninesError('FN_INTERNAL', `the ${name} has never been started`);
  return subject;
}

/** Its exit code, or the name of the signal; after a deadline it is killed. */
async function ended(subject: Subject): Promise<number | string> {
  const timer = setTimeout(() => void subject.kill(), deadlineMs);
  return subject.end().finally(() => clearTimeout(timer));
}
