import { FourninesError, toFourninesError } from '../../../core/runtime/error.ts';
import { type QemuProcess, type QemuSockets, qemuProcessOf } from './qemu-process.ts';
import { QmpClient } from './qmp-client.ts';
import type { QmpCall } from './qmp-commands.ts';
import {
  guestStateOf,
  networkDevices,
  processorThreads,
  type RingStatus,
  ringStatusOf,
  type ServedSocket,
  servedSockets,
  versionOf,
} from './qmp-replies.ts';

/** A ring of a guest, as QEMU and the kernel tell it. */
export interface QemuRing extends RingStatus {
  readonly device: string;
  readonly queue: 0 | 1;
  /** The vhost-user socket of its device. */
  readonly socket: string;
  readonly isConnected: boolean;
  /** Queue pairs of the device beyond the first, whose rings nobody tells. */
  readonly queuesUnread: number;
}

/** A guest of a switch, as it was last heard of on its way from or to another host. */
export interface MigratingGuest {
  readonly guest: string;
  /** QEMU's word for it. */
  readonly word: string;
}

/** What is known of a guest right now; without a process, nothing but that it was on its way. */
export interface QemuState {
  readonly process: QemuProcess | undefined;
  readonly processorThreads: readonly number[];
  readonly rings: readonly QemuRing[];
  readonly migrating: MigratingGuest | undefined;
  /** Changes whenever rings of before must be let go, even if they are found again where they were. */
  readonly generation: number;
  readonly refusals: readonly string[];
}

/** A network device, and where it leads. */
interface Device {
  readonly path: string;
  readonly socket: string;
  readonly isConnected: boolean;
  readonly queuesUnread: number;
}

/** The first version that tells where rings are. */
const versionLeast = 702;
const greetingMs = 2000;
/** A QEMU that stands still answers nothing, and its rings cannot move meanwhile either: it is waited for. */
const answerMs = 30_000;
const devicesMax = 32;
/** Devices and their sockets are asked for so often, rings each second. */
const deviceSeconds = 5;
/** Between two attempts, s: doubled from the first to the last. Where another client has the monitor, always the last. */
const waitSeconds = { first: 1, last: 60 } as const;

/** After these the memory of the guest, or its rings, may be others: whatever is mapped is let go at once. */
const upheavals: ReadonlySet<string> = new Set(
  'RESET SHUTDOWN STOP RESUME SUSPEND SUSPEND_DISK WAKEUP MIGRATION DEVICE_DELETED'.split(' '),
);

/**
 * Follows one QEMU through its monitor: a round of questions each second. Rings are known only as long as the connection lives,
 * the guest runs, is not on its way to or from another host, and nothing has happened to it since they were asked for.
 */
export class QemuMonitor {
  readonly path: string;
  readonly #procRoot: string;
  readonly #sockets: QemuSockets;
  #client: QmpClient | undefined;
  #process: QemuProcess | undefined;
  #processorThreads: readonly number[] = [];
  #devices: readonly (Device | string)[] = [];
  #devicesAt = Number.NEGATIVE_INFINITY;
  #rings: readonly QemuRing[] = [];
  #refusals: readonly string[] = [];
  #migrating: MigratingGuest | undefined;
  #generation = 0;
  #round: Promise<void> | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;
  #waitSeconds = 0;

  constructor(path: string, procRoot: string, sockets: QemuSockets) {
    this.path = path;
    this.#procRoot = procRoot;
    this.#sockets = sockets;
  }

  get state(): QemuState {
    return {
      process: this.#process,
      processorThreads: this.#processorThreads,
      rings: this.#rings,
      migrating: this.#migrating,
      generation: this.#generation,
      refusals: this.#refusals,
    };
  }

  /** Asks everything that is due. Never fails; while a round is under way there is no other. `boundary`: the tick, s. */
  round(boundary: number): Promise<void> {
    this.#round ??= this.#ask(boundary)
      .catch((error: unknown) => this.#fail(toFourninesError(error)))
      .finally(() => {
        this.#round = undefined;
      });
    return this.#round;
  }

  close(): void {
    this.#client?.close();
  }

  async #ask(boundary: number): Promise<void> {
    if (this.#client === undefined) {
      if (Math.abs(boundary - this.#triedAt) < this.#waitSeconds) return;
      this.#triedAt = boundary;
      await this.#connect(boundary);
    }
    const generation = this.#generation;
    const { isSettled, migration } = guestStateOf(
      await this.#answer({ execute: 'query-status' }),
      await this.#answer({ execute: 'query-migrate' }),
    );
    this.#migrating = migratingOf(this.#process, migration);
    if (!isSettled) {
      this.#letGo();
      return;
    }
    if (Math.abs(boundary - this.#devicesAt) >= deviceSeconds) await this.#findDevices(boundary);
    const refusals: string[] = [];
    const rings: QemuRing[] = [];
    for (const device of this.#devices) {
      if (typeof device === 'string') {
        refusals.push(device);
        continue;
      }
      for (const queue of [0, 1] as const) {
        const status = await this.#ringOf(device.path, queue);
        if (status === 'packed') refusals.push(`${device.path}: a packed ring has no index in memory`);
        else if (status !== 'none') rings.push({ ...status, ...device, device: device.path, queue });
      }
      if (device.queuesUnread > 0)
        refusals.push(
          `${device.path}: QEMU tells the rings of the first of ${device.queuesUnread + 1} queue pairs only`,
        );
    }
    this.#refusals = [...new Set(refusals)];
    this.#waitSeconds = 0;
    // What was asked before something happened is not true any more.
    this.#rings = generation === this.#generation ? rings : [];
  }

  async #connect(boundary: number): Promise<void> {
    const client = new QmpClient(this.path, {
      onEvent: (name) => {
        if (upheavals.has(name)) this.#letGo();
      },
      onClose: () => {
        if (this.#client === client) this.#client = undefined;
        this.#process = undefined;
        this.#processorThreads = [];
        this.#devicesAt = Number.NEGATIVE_INFINITY;
        this.#letGo();
      },
    });
    this.#client = client;
    if (versionOf(await client.open(greetingMs)) < versionLeast)
      throw new FourninesError('FN_QMP_REPLY', 'QEMU before 7.2 does not tell where rings are');
    const pid = this.#sockets.servedBy(this.path, boundary);
    this.#process = pid === undefined ? undefined : qemuProcessOf(this.#procRoot, pid);
    if (this.#process === undefined) {
      const why = 'no QEMU that may be looked into (CAP_SYS_PTRACE) listens here under this path';
      throw new FourninesError('FN_QMP_AWAY', why);
    }
  }

  /** Where rings of before were is not known any more. */
  #letGo(): void {
    this.#generation++;
    this.#rings = [];
  }

  #fail(error: FourninesError): void {
    this.#client?.close();
    this.#waitSeconds = Math.min(Math.max(2 * this.#waitSeconds, waitSeconds.first), waitSeconds.last);
    if (error.context['isHeld'] === true) this.#waitSeconds = waitSeconds.last;
    // A socket that nobody serves is that of a guest which has ended.
    const isGone = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET'].includes(String(error.context['errno']));
    this.#refusals = isGone ? [] : [error.message];
    // One that is not heard any more is still on its way, until it is heard or gone.
    if (isGone) this.#migrating = undefined;
  }

  async #findDevices(boundary: number): Promise<void> {
    this.#processorThreads = processorThreads(await this.#answer({ execute: 'query-cpus-fast' }));
    const sockets = servedSockets(await this.#answer({ execute: 'query-chardev' }));
    const paths = networkDevices(await this.#answer({ execute: 'x-query-virtio' })).slice(0, devicesMax);
    const devices: (Device | string)[] = [];
    for (const path of paths) {
      // The device is the parent of its part that knows nothing but virtio.
      const parent = path.slice(0, path.lastIndexOf('/'));
      const id = await this.#answer({ execute: 'qom-get', arguments: { path: parent, property: 'netdev' } });
      const device = this.#deviceOf(path, String(id), sockets, boundary);
      if (device !== undefined) devices.push(device);
    }
    this.#devices = devices;
    this.#devicesAt = boundary;
  }

  /** Text: why it is refused. Undefined: it has no vhost-user socket. */
  #deviceOf(
    path: string,
    netdevId: string,
    sockets: ReadonlyMap<string, ServedSocket>,
    boundary: number,
  ): Device | string | undefined {
    const netdev = this.#process?.netdevs.get(netdevId);
    if (netdev === undefined) return `${path}: its backend is not on QEMU's command line`;
    if (netdev === 'other') return undefined;
    const socket = sockets.get(netdev.chardev);
    if (socket === undefined) return `${path}: QEMU does not serve its vhost-user socket`;
    // QEMU's own word is not enough: else one guest could pass for another.
    if (this.#sockets.servedBy(socket.path, boundary) !== this.#process?.pid)
      return `${path}: QEMU does not listen on ${socket.path}`;
    return { path, socket: socket.path, isConnected: socket.isConnected, queuesUnread: netdev.queues - 1 };
  }

  async #ringOf(path: string, queue: 0 | 1): Promise<RingStatus | 'packed' | 'none'> {
    const call = { execute: 'x-query-virtio-vhost-queue-status', arguments: { path, queue } } as const;
    const answer = await this.#asked(call);
    // A device that has gone, or whose guest has not begun to use it.
    return answer.isGiven ? ringStatusOf(answer.value) : 'none';
  }

  #asked(call: QmpCall) {
    if (this.#client === undefined) throw new FourninesError('FN_QMP_AWAY', 'the connection is closed');
    return this.#client.ask(call, answerMs);
  }

  async #answer(call: QmpCall): Promise<unknown> {
    const answer = await this.#asked(call);
    if (answer.isGiven) return answer.value;
    throw new FourninesError('FN_QMP_REPLY', `QEMU refuses ${call.execute} (${answer.errorClass})`);
  }
}

/** A guest whose packets pass no switch here is nobody's concern. */
function migratingOf(process: QemuProcess | undefined, word: string): MigratingGuest | undefined {
  if (process === undefined || word === '') return undefined;
  return [...process.netdevs.values()].some((netdev) => netdev !== 'other')
    ? { guest: process.guest, word }
    : undefined;
}
