import { existsSync, rmSync } from 'node:fs';
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

/** The hardware address behind the n-th vhost-user port; 0 is the wire's. */
export function labAddress(index: number): string {
  return `02:f9:00:00:00:${index.toString(16).padStart(2, '0')}`;
}

export interface GuestOptions {
  readonly name: string;
  /** 0: the wire, the other end of the uplink. From 1: guests. */
  readonly index: number;
  readonly queues: number;
}

/**
 * One generator process with one port. A guest owns a vhost-user port as a virtual machine would (it is the server of
 * the socket, the datapath connects); the wire is the vhost side that the datapath's uplink connects to.
 */
export class Guest extends GeneratorClient {
  readonly name: string;
  readonly index: number;
  readonly queues: number;
  /** Hardware address that packets for this port carry. */
  readonly address: string;
  /** The vhost-user socket. */
  readonly socket: string;
  /** Buffers of each of its rings, from the next launch on. */
  ringSize = 1024;
  readonly #state: LabStateFile;
  #process: LabProcess | undefined;

  constructor(options: GuestOptions, state: LabStateFile) {
    super(path.join(state.folder, `${options.name}.control`));
    this.name = options.name;
    this.index = options.index;
    this.queues = options.queues;
    this.address = labAddress(options.index);
    this.socket = path.join(state.folder, `${options.name}.vhost`);
    this.#state = state;
  }

  /** DPDK's file prefix of this process. */
  get prefix(): string {
    return `${this.#state.state.id}-${this.name}`;
  }

  get process(): LabProcess | undefined {
    return this.#process;
  }

  /**
   * Starts the process and waits until its vhost-user socket is there. A guest goes no further before the datapath
   * connects; `untilAnswering` waits for the rest.
   */
  async launch(signal?: AbortSignal): Promise<void> {
    const program = await buildGenerator();
    const drivers = await driverFolder();
    // A killed process leaves its sockets and pages behind.
    for (const left of [this.socket, this.path]) rmSync(left, { force: true });
    removeHugepageFiles(`${this.prefix}map`);
    const started = await LabProcess.start(
      { name: this.name, program, args: this.#arguments(drivers), env: { RUNTIME_DIRECTORY: this.#state.folder } },
      this.#state,
    );
    this.#process = started;
    this.#state.addControl(this.name, this.path);
    await started.ready({ what: `${this.name} listens`, deadlineMs: 30_000, signal }, () => existsSync(this.socket));
    if (this.index === 0) await this.untilAnswering();
  }

  /** Waits until commands are answered: for a guest, until the datapath has connected. */
  async untilAnswering(deadlineMs = 30_000): Promise<void> {
    await this.#process?.ready({ what: `${this.name} answers`, deadlineMs }, () => this.status());
  }

  #arguments(drivers: string): string[] {
    const driver = (name: string) => ['-d', path.join(drivers, `librte_${name}.so`)];
    const wire = `net_vhost0,iface=${this.socket},queues=${this.queues},client=0`;
    const guest = `net_virtio_user0,path=${this.socket},server=1,queues=${this.queues},queue_size=${this.ringSize},mac=${this.address}`;
    return [
      // One thread that may run on either CPU; never the machine's own network cards.
      ...['--lcores', '(0)@(0,1)', '--no-pci', '--single-file-segments'],
      ...['-m', String(generatorMemoryMiB), `--file-prefix=${this.prefix}`],
      ...driver('bus_vdev'),
      ...driver('mempool_ring'),
      ...driver(this.index === 0 ? 'net_vhost' : 'net_virtio'),
      ...['--vdev', this.index === 0 ? wire : guest, '--'],
      ...['--control', this.path, '--queues', String(this.queues)],
      ...['--sender-base', String(this.index * sendersPerProcess)],
    ];
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
