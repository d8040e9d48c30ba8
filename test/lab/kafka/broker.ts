import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { LabStateFile } from '../lab-state.ts';
import { LabProcess } from '../processes.ts';
import { programPath, runProgram } from '../programs.ts';
import { type LabCertificates, makeCertificates } from './certificates.ts';
import { type KafkaJars, kafkaJars } from './jars.ts';
import { TcpProxy } from './tcp-proxy.ts';

export interface KafkaBrokerOptions {
  /** With the listener for TLS and SCRAM. */
  readonly isSecure?: boolean;
  /** Joins the cluster of this broker, which is its controller; dies for good when that one does. */
  readonly joins?: KafkaBroker;
  /** More lines of server.properties. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Ports {
  readonly plain: number;
  readonly controller: number;
  readonly behindProxy: number;
  readonly proxy: number;
  readonly secure: number;
}

export const labUser = 'lab';
export const labPassword = 'lab-secret-9d1f';
const clusterId = 'MkU3OEVBNTcwNTJENDM2Qk';
const javaOptions = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const startDeadlineMs = 60_000;

/** A real Kafka broker (and its own controller) in a folder of its own, on free ports of loopback. */
export class KafkaBroker {
  readonly folder: string;
  readonly ports: Ports;
  /** Clients that came by `proxied` are told to connect here only. */
  readonly proxy: TcpProxy;
  readonly certificates: LabCertificates | undefined;
  readonly #jars: KafkaJars;
  readonly #state: LabStateFile;
  #process: LabProcess | undefined;

  private constructor(parts: {
    folder: string;
    ports: Ports;
    proxy: TcpProxy;
    certificates: LabCertificates | undefined;
    jars: KafkaJars;
    state: LabStateFile;
  }) {
    this.folder = parts.folder;
    this.ports = parts.ports;
    this.proxy = parts.proxy;
    this.certificates = parts.certificates;
    this.#jars = parts.jars;
    this.#state = parts.state;
  }

  /** Fetches the jars where they are not yet there, formats a folder and waits until the broker takes connections. */
  static async start(options: KafkaBrokerOptions = {}): Promise<KafkaBroker> {
    const jars = await kafkaJars();
    const folder = mkdtempSync(path.join(os.tmpdir(), 'fournines-lab-kafka-'));
    mkdirSync(path.join(folder, 'log'));
    const state = new LabStateFile(folder, path.basename(folder));
    const [plain, controller, behindProxy, proxyPort, secure] = await freePorts(5);
    const ports = { plain, controller, behindProxy, proxy: proxyPort, secure } as Ports;
    const certificates = options.isSecure === true ? await makeCertificates(folder) : undefined;
    const proxy = await TcpProxy.start(ports.proxy, ports.behindProxy);
    const broker = new KafkaBroker({ folder, ports, proxy, certificates, jars, state });
    try {
      writeFileSync(broker.#propertiesFile, broker.#properties(options));
      await broker.#format();
      await broker.restart();
    } catch (error) {
      await broker.stop();
      throw error;
    }
    return broker;
  }

  get plain(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.ports.plain };
  }

  get proxied(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.ports.proxy };
  }

  get secure(): { host: string; port: number } {
    return { host: 'localhost', port: this.ports.secure };
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error('this broker does not run');
    return this.#process.pid;
  }

  get dataFolder(): string {
    return path.join(this.folder, 'data');
  }

  /** Starts it again after `kill` or `halt`, on the same data. */
  async restart(): Promise<void> {
    const archive = this.#jars.archive;
    const sharing = existsSync(archive)
      ? `-XX:SharedArchiveFile=${archive}`
      : `-XX:ArchiveClassesAtExit=${this.#ownArchive}`;
    this.#process = await LabProcess.start(
      {
        name: 'kafka',
        program: programPath('java', 'openjdk-17-jre-headless'),
        // A broken archive is not used and no reason to stop.
        args: ['-Xms256m', '-Xmx256m', ...this.#java, sharing, '-Xshare:auto', 'kafka.Kafka', this.#propertiesFile],
      },
      this.#state,
    );
    await this.#process.ready({ what: 'the broker takes connections', deadlineMs: startDeadlineMs, everyMs: 50 }, () =>
      canConnect(this.ports.plain),
    );
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** SIGTERM, and waits until it is gone. */
  async halt(): Promise<void> {
    await this.#process?.stop(20_000);
  }

  /** SIGSTOP: connections stay, nothing is answered. `resume` lets it go on. */
  async pause(): Promise<void> {
    await this.#process?.pause();
  }

  resume(): void {
    this.#process?.signal('SIGCONT');
  }

  /** Takes everything away. */
  async stop(): Promise<void> {
    await this.proxy.stop();
    if (existsSync(this.#jars.archive)) await this.#process?.kill();
    else await this.#keepArchive();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Ends in order, so that the broker writes its archive; others find it whole or not at all. */
  async #keepArchive(): Promise<void> {
    await this.halt();
    if (!existsSync(this.#ownArchive)) return;
    const whole = `${this.#jars.archive}.${path.basename(this.folder)}`;
    copyFileSync(this.#ownArchive, whole);
    renameSync(whole, this.#jars.archive);
  }

  get #ownArchive(): string {
    return path.join(this.folder, 'classes.jsa');
  }

  get #java(): string[] {
    const log = `-Dlog4j2.configurationFile=${this.#jars.loggingFile}`;
    return [...javaOptions, log, '-cp', this.#jars.classPath];
  }

  get #propertiesFile(): string {
    return path.join(this.folder, 'server.properties');
  }

  async #format(): Promise<void> {
    const scram = `SCRAM-SHA-512=[name=${labUser},password=${labPassword}]`;
    const users = this.certificates === undefined ? [] : ['--add-scram', scram];
    const args = ['format', '-t', clusterId, '-c', this.#propertiesFile, ...users];
    const tool = ['-Xmx128m', ...this.#java, 'kafka.tools.StorageTool', ...args];
    await runProgram(programPath('java', 'openjdk-17-jre-headless'), tool, { deadlineMs: startDeadlineMs });
  }

  #properties(options: KafkaBrokerOptions): string {
    const { plain, controller, behindProxy, proxy, secure } = this.ports;
    const isSecure = this.certificates !== undefined;
    const listeners = [
      `PLAINTEXT://127.0.0.1:${plain}`,
      `PROXY://127.0.0.1:${behindProxy}`,
      ...(isSecure ? [`SASL_SSL://127.0.0.1:${secure}`] : []),
    ];
    const advertised = [
      `PLAINTEXT://127.0.0.1:${plain}`,
      `PROXY://127.0.0.1:${proxy}`,
      ...(isSecure ? [`SASL_SSL://localhost:${secure}`] : []),
    ];
    const { joins } = options;
    const settings = {
      ...brokerSettings,
      ...(joins === undefined ? {} : { 'process.roles': 'broker', 'node.id': '2' }),
      'controller.quorum.voters': `1@127.0.0.1:${joins?.ports.controller ?? controller}`,
      listeners: [...listeners, ...(joins === undefined ? [`CONTROLLER://127.0.0.1:${controller}`] : [])].join(),
      'advertised.listeners': advertised.join(),
      'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXY:PLAINTEXT${isSecure ? ',SASL_SSL:SASL_SSL' : ''}`,
      'log.dirs': this.dataFolder,
      ...(this.certificates === undefined ? {} : secureSettings(this.certificates)),
      ...options.settings,
    };
    return Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  }
}

/** Small, alone, and quick to come back. */
const brokerSettings: Readonly<Record<string, string>> = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'PLAINTEXT',
  'num.partitions': '1',
  'offsets.topic.num.partitions': '1',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
  // Else a broker that was killed is still registered when it comes back: DUPLICATE_BROKER_REGISTRATION.
  'broker.session.timeout.ms': '1000',
  'broker.heartbeat.interval.ms': '200',
  'message.max.bytes': '10485760',
  'replica.fetch.max.bytes': '10485760',
  'log.cleaner.dedupe.buffer.size': '4194304',
  // Retention is looked at often, so that tests of it need not wait for minutes.
  'log.retention.check.interval.ms': '500',
  'log.initial.task.delay.ms': '500',
  'log.segment.delete.delay.ms': '100',
  'num.network.threads': '2',
  'num.io.threads': '2',
  'background.threads': '2',
};

function secureSettings({ serverFile }: LabCertificates): Record<string, string> {
  const listener = 'listener.name.sasl_ssl';
  return {
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    [`${listener}.scram-sha-512.sasl.jaas.config`]: 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    [`${listener}.ssl.keystore.type`]: 'PEM',
    [`${listener}.ssl.keystore.location`]: serverFile,
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer().listen(0, '127.0.0.1'));
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.once('listening', () => resolve((server.address() as net.AddressInfo).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    const done = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', done(true));
    socket.once('error', done(false));
  });
}
