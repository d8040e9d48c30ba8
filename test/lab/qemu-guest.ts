import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { labAddress } from './end.ts';
import { guestImage } from './guest-image.ts';
import type { LabStateFile } from './lab-state.ts';
import { LabProcess } from './processes.ts';
import { programPath } from './programs.ts';

export interface QemuGuestOptions {
  /** Of the port, and of the virtual machine. */
  readonly name: string;
  /** Its place among addresses of the lab; above those of generators. */
  readonly index: number;
  /** Queue pairs, default 1. */
  readonly queues?: number;
}

const memoryMiB = 160;
const bootMs = 90_000;

/**
 * A virtual machine with one vhost-user port: QEMU without KVM, which is slow where machines stand in machines. Its kernel
 * takes what comes and drops it. Two monitors: `qmpSocket` is for the collector, `labSocket` for whoever plays the host.
 */
export class QemuGuest {
  readonly name: string;
  readonly address: string;
  /** The vhost-user socket; the datapath connects. */
  readonly socket: string;
  readonly qmpSocket: string;
  readonly labSocket: string;
  readonly queues: number;
  readonly #state: LabStateFile;
  #process: LabProcess | undefined;

  constructor(options: QemuGuestOptions, state: LabStateFile) {
    this.name = options.name;
    this.queues = options.queues ?? 1;
    this.address = labAddress(options.index);
    this.socket = path.join(state.folder, `${this.name}.vhost`);
    this.qmpSocket = path.join(state.folder, `${this.name}.qmp`);
    this.labSocket = path.join(state.folder, `${this.name}.lab-qmp`);
    this.#state = state;
  }

  get process(): LabProcess | undefined {
    return this.#process;
  }

  /** Starts QEMU and waits until its sockets are there; the guest boots meanwhile (`untilUp`). */
  async launch(signal?: AbortSignal): Promise<void> {
    const image = await guestImage();
    for (const left of [this.socket, this.qmpSocket, this.labSocket, this.#console]) rmSync(left, { force: true });
    const started = await LabProcess.start(
      {
        name: this.name,
        program: programPath('qemu-system-x86_64', 'qemu-system-x86'),
        args: this.#arguments(image.kernel, image.initrd),
      },
      this.#state,
    );
    this.#process = started;
    await started.ready({ what: `${this.name} listens`, deadlineMs: 20_000, signal }, () => existsSync(this.labSocket));
  }

  /** Waits until the guest has said `times` times that its link is up: as often as it has booted. */
  async untilUp(times = 1): Promise<void> {
    const isUp = () =>
      existsSync(this.#console) && readFileSync(this.#console, 'latin1').split('fournines-guest-up').length > times;
    await this.#process?.ready({ what: `${this.name} boots`, deadlineMs: bootMs, everyMs: 100 }, isUp);
  }

  /** kill -9, as the kernel's memory killer does. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async shutdown(): Promise<void> {
    await this.#process?.stop();
  }

  get #console(): string {
    return path.join(this.#state.folder, 'log', `${this.name}.console`);
  }

  #arguments(kernel: string, initrd: string): string[] {
    const memory = `memory-backend-memfd,id=mem,size=${memoryMiB}M,share=on`;
    // Without interrupts of its own: with them QEMU 7.2 without KVM dies as its ring starts.
    const device = `virtio-net-pci,netdev=n0,id=nic0,mac=${this.address},vectors=0,rx_queue_size=1024,mq=${this.queues > 1 ? 'on' : 'off'}`;
    return [
      ...['-name', `guest=${this.name},debug-threads=on`, '-nodefaults', '-no-user-config', '-display', 'none'],
      ...['-machine', 'q35,accel=tcg,memory-backend=mem', '-m', `${memoryMiB}M`, '-smp', '1', '-object', memory],
      ...['-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0 quiet panic=-1 ipv6.disable=1'],
      ...['-serial', `file:${this.#console}`],
      ...['-chardev', `socket,id=c0,path=${this.socket},server=on,wait=off`],
      ...['-netdev', `vhost-user,id=n0,chardev=c0,queues=${this.queues}`, '-device', device],
      ...['-qmp', `unix:${this.qmpSocket},server=on,wait=off`, '-qmp', `unix:${this.labSocket},server=on,wait=off`],
    ];
  }
}
