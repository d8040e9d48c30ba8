import { type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../../core/runtime/error.ts';
import type { ProcessorThreads } from '../../processor-threads.ts';
import type { VhostSockets } from '../../vhost-sockets.ts';
import type { Found, FoundRing, Refusal, RingFinder } from './finder.ts';
import { listFolder, readText, startTicksOf } from './proc.ts';
import { type MappedRange, parseMaps } from './process-maps.ts';
import { QemuMonitor, type QemuRing } from './qemu-monitor.ts';
import { type QemuProcess, QemuSockets } from './qemu-process.ts';
import { placesOf } from './ring-place.ts';
import { SocketOwners } from './socket-owners.ts';

/** So long a tick waits for what QEMU says: one that stands still must not hold up the rest, ms. */
const roundMs = 100;
const monitorsMax = 512;

export interface QemuGuestOptions {
  readonly procRoot: string;
  /** Sockets of monitors, and folders of such. */
  readonly monitors: readonly string[];
  readonly sockets: VhostSockets;
  readonly processorThreads: ProcessorThreads;
}

/** What a ring's life hangs on. */
interface Witness {
  readonly monitor: QemuMonitor;
  readonly process: QemuProcess;
  readonly generation: number;
  readonly ring: QemuRing;
}

/**
 * Rings of QEMU's guests: each QEMU says through its monitor where they stand in its memory, and /proc which file that is.
 * Nobody is asked who was not named in the configuration.
 */
export class QemuGuestFinder implements RingFinder {
  readonly #options: QemuGuestOptions;
  readonly #owners: SocketOwners;
  readonly #qemuSockets: QemuSockets;
  readonly #monitors = new Map<string, QemuMonitor>();
  readonly #witnesses = new WeakMap<FoundRing, Witness>();

  constructor(options: QemuGuestOptions) {
    this.#options = options;
    this.#owners = new SocketOwners(options.sockets);
    this.#qemuSockets = new QemuSockets(options.procRoot);
  }

  async refresh(boundary: number, signal: AbortSignal): Promise<void> {
    this.#followMonitors();
    const rounds = Promise.all([...this.#monitors.values()].map((monitor) => monitor.round(boundary)));
    await within(rounds, roundMs, signal);
    this.#tellThreads();
  }

  find(boundary: number): Found {
    const rings: FoundRing[] = [];
    const refusals: Refusal[] = [];
    const sockets = new Set<string>();
    for (const monitor of this.#monitors.values()) {
      const { process, refusals: refused } = monitor.state;
      refusals.push(...refused.map((why) => ({ guest: process?.guest ?? monitor.path, why })));
      if (process === undefined || startTicksOf(this.#options.procRoot, process.pid) !== process.startTicks) continue;
      for (const { socket } of monitor.state.rings) sockets.add(socket);
      for (const ring of this.#ringsOf(monitor, process, boundary)) {
        if (typeof ring === 'string') refusals.push({ guest: process.guest, why: ring });
        else rings.push(ring);
      }
    }
    this.#owners.keep(sockets);
    return { rings, refusals };
  }

  check({ rings, refusals }: Found): Found {
    return { rings: rings.filter((ring) => this.#isStill(ring)), refusals };
  }

  migrating(): ReadonlyMap<string, string> {
    const told = [...this.#monitors.values()].flatMap(({ state }) => state.migrating ?? []);
    return new Map(told.map(({ guest, word }) => [guest, word]));
  }

  close(): void {
    for (const monitor of this.#monitors.values()) monitor.close();
    this.#monitors.clear();
  }

  #isStill(found: FoundRing): boolean {
    const witness = this.#witnesses.get(found);
    if (witness === undefined) return false;
    const { monitor, process, generation, ring } = witness;
    const now = monitor.state;
    if (now.generation !== generation || now.process !== process) return false;
    if (startTicksOf(this.#options.procRoot, process.pid) !== process.startTicks) return false;
    return now.rings.some((one) => isSame(one, ring)) && this.#owners.isStill(ring.socket, found.port);
  }

  /** A monitor for each socket that is there, and none for others. */
  #followMonitors(): void {
    const paths = new Set(this.#options.monitors.flatMap(socketsAt).slice(0, monitorsMax));
    for (const [path, monitor] of this.#monitors) {
      if (paths.has(path)) continue;
      monitor.close();
      this.#monitors.delete(path);
    }
    for (const path of paths) {
      if (!this.#monitors.has(path))
        this.#monitors.set(path, new QemuMonitor(path, this.#options.procRoot, this.#qemuSockets));
    }
  }

  #tellThreads(): void {
    const states = [...this.#monitors.values()].map(({ state }) => state);
    this.#options.processorThreads.tell(
      states.flatMap(({ process, processorThreads }) =>
        process === undefined ? [] : [{ pid: process.pid, startTicks: process.startTicks, tids: processorThreads }],
      ),
    );
  }

  #ringsOf(monitor: QemuMonitor, process: QemuProcess, boundary: number): readonly (FoundRing | string)[] {
    const { rings, generation } = monitor.state;
    if (rings.length === 0) return [];
    const text = readText(`${this.#options.procRoot}/${process.pid}/maps`);
    if (text === undefined) return ['its /proc/PID/maps cannot be read: that takes CAP_SYS_PTRACE'];
    const maps = parseMaps(text);
    return rings.flatMap((ring) => this.#ringOf({ monitor, process, generation, ring }, maps, boundary) ?? []);
  }

  /** Text: why it is refused. Undefined: not now. */
  #ringOf(witness: Witness, maps: readonly MappedRange[], boundary: number): FoundRing | string | undefined {
    const { process, generation, ring } = witness;
    const { size, availAddress, usedAddress, device, queue, socket, queuesUnread } = ring;
    const owner = this.#owners.ownerOf(socket, undefined, boundary);
    if (owner === undefined || owner.isConnected === false || !ring.isConnected) return undefined;
    const direction = queue === 0 ? 'toGuest' : 'fromGuest';
    const place = { size, direction, usedAddress, availAddress } as const;
    const places = placesOf(this.#options.procRoot, process.pid, place, maps);
    if (places === undefined) return `${device}: its ring ${queue} is in no memory that QEMU shares`;
    const [first] = places;
    const file = first !== undefined && 'path' in first ? [first.device, first.inode, first.usedOffset] : [];
    const { pid, startTicks, guest } = process;
    const found: FoundRing = {
      key: [pid, startTicks, generation, device, queue, usedAddress, availAddress, size, owner.port, ...file].join(' '),
      guest,
      port: owner.port,
      direction,
      queue: 0,
      size,
      witness: 'vhostQueueStatus',
      layout: 'split',
      queuesUnread,
      places,
    };
    this.#witnesses.set(found, witness);
    return found;
  }
}

function isSame(one: QemuRing, other: QemuRing): boolean {
  const keys = ['device', 'queue', 'socket', 'size', 'availAddress', 'usedAddress', 'queuesUnread'] as const;
  return one.isConnected && keys.every((key) => one[key] === other[key]);
}

/** The socket itself, or those in the folder. */
function socketsAt(path: string): readonly string[] {
  if (kindOf(path)?.isDirectory() !== true) return kindOf(path)?.isSocket() === true ? [path] : [];
  return [...listFolder(path)].sort().flatMap((name) => {
    const at = join(path, name);
    return kindOf(at)?.isSocket() === true ? [at] : [];
  });
}

function kindOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (systemCode(error) !== undefined) return undefined;
    throw error;
  }
}

/** Waits for `work`, but no longer than that. */
async function within(work: Promise<unknown>, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = () => resolve();
  signal.addEventListener('abort', stop, { once: true });
  work.then(stop, stop);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
}
