import path from 'node:path';
import { buildGenerator, driverFolder } from './build-generator.ts';
import { GeneratorClient, type PortCounts } from './generator-client.ts';
import { removeHugepageFiles } from './hugepages.ts';
import type { LabStateFile } from './lab-state.ts';
import { LabProcess } from './processes.ts';

/** Memory of a generator, MiB. Rings of 1,024 packets take 2.5 MiB each way and queue. */
export const generatorMemoryMiB = 64;
/** Sender ids that one process may use: 8 ports of 8 queues. */
const sendersPerProcess = 64;

/** The hardware address of the n-th end; 0 is the wire's. */
export function labAddress(index: number): string {
  return `02:f9:00:00:00:${index.toString(16).padStart(2, '0')}`;
}

export interface EndOptions {
  readonly name: string;
  /** No other end of the lab has it. */
  readonly index: number;
  readonly queues: number;
}

/** One generator process with one port: an end of a way through the datapath. */
export class End extends GeneratorClient {
  readonly name: string;
  readonly index: number;
  readonly queues: number;
  /** Hardware address that packets for this port carry. */
  readonly address: string;
  protected readonly state: LabStateFile;
  #process: LabProcess | undefined;

  constructor({ name, index, queues }: EndOptions, state: LabStateFile) {
    super(path.join(state.folder, `${name}.control`));
    this.name = name;
    this.index = index;
    this.queues = queues;
    this.address = labAddress(index);
    this.state = state;
  }

  /** DPDK's file prefix of this process. */
  get prefix(): string {
    return `${this.state.state.id}-${this.name}`;
  }

  get process(): LabProcess | undefined {
    return this.#process;
  }

  /** Starts the process with one device of a driver; `networkOf`: in the network of that process. */
  protected async begin(device: string, driver: string, networkOf?: number): Promise<LabProcess> {
    const program = await buildGenerator();
    const drivers = await driverFolder();
    const load = (name: string) => ['-d', path.join(drivers, `librte_${name}.so`)];
    const args = [
      // One thread that may run on either CPU; never the machine's own network cards.
      ...['--lcores', '(0)@(0,1)', '--no-pci', '--single-file-segments'],
      ...['-m', String(generatorMemoryMiB), `--file-prefix=${this.prefix}`],
      ...load('bus_vdev'),
      ...load('mempool_ring'),
      ...load(driver),
      ...['--vdev', device, '--'],
      ...['--control', this.path, '--queues', String(this.queues)],
      ...['--sender-base', String(this.index * sendersPerProcess)],
    ];
    const env = { RUNTIME_DIRECTORY: this.state.folder };
    const started = await LabProcess.start({ name: this.name, program, args, env, networkOf }, this.state);
    this.#process = started;
    this.state.addControl(this.name, this.path);
    return started;
  }

  /** Waits until commands are answered: for a guest, until the datapath has connected. */
  async untilAnswering(deadlineMs = 30_000): Promise<void> {
    await this.#process?.ready({ what: `${this.name} answers`, deadlineMs }, () => this.status());
  }

  /** The counts of its one port. */
  async counts(): Promise<PortCounts> {
    const [port] = await this.status();
    if (port === undefined) throw new TypeError(`${this.name} has no port`);
    return port;
  }

  /** Sums over its queues. */
  async sums(): Promise<{ attempted: bigint; sent: bigint; refused: bigint; received: bigint; isRunning: boolean }> {
    const { queues, received } = await this.counts();
    const sum = (key: 'attempted' | 'sent' | 'refused') => queues.reduce((total, queue) => total + queue[key], 0n);
    return {
      attempted: sum('attempted'),
      sent: sum('sent'),
      refused: sum('refused'),
      received,
      isRunning: queues.some((queue) => queue.isRunning),
    };
  }

  /** kill -9: its counts are gone with it. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async shutdown(): Promise<void> {
    await this.#process?.stop();
    removeHugepageFiles(`${this.prefix}map`);
  }
}
