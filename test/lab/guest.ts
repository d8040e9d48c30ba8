import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { End, type EndOptions } from './end.ts';
import { removeHugepageFiles } from './hugepages.ts';
import type { LabStateFile } from './lab-state.ts';

/**
 * An end on vhost-user. A guest (index 1 and up) owns a port as a virtual machine would: it is the server of the socket,
 * the datapath connects. The wire (index 0) is the vhost side that the datapath's uplink connects to.
 */
export class Guest extends End {
  /** The vhost-user socket. */
  readonly socket: string;
  /** Buffers of each of its rings, from the next launch on. */
  ringSize = 1024;

  constructor(options: EndOptions, state: LabStateFile) {
    super(options, state);
    this.socket = path.join(state.folder, `${options.name}.vhost`);
  }

  /**
   * Starts the process and waits until its vhost-user socket is there. A guest goes no further before the datapath
   * connects; `untilAnswering` waits for the rest.
   */
  async launch(signal?: AbortSignal): Promise<void> {
    // A killed process leaves its sockets and pages behind.
    for (const left of [this.socket, this.path]) rmSync(left, { force: true });
    removeHugepageFiles(`${this.prefix}map`);
    const isWire = this.index === 0;
    const started = await this.begin(isWire ? this.#wire : this.#guest, isWire ? 'net_vhost' : 'net_virtio');
    await started.ready({ what: `${this.name} listens`, deadlineMs: 30_000, signal }, () => existsSync(this.socket));
    if (isWire) await this.untilAnswering();
  }

  get #wire(): string {
    return `net_vhost0,iface=${this.socket},queues=${this.queues},client=0`;
  }

  get #guest(): string {
    const { socket, queues, ringSize, address } = this;
    return `net_virtio_user0,path=${socket},server=1,queues=${queues},queue_size=${ringSize},mac=${address}`;
  }
}
