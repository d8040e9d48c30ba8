import { join } from 'node:path';
import type { VhostSockets } from '../../vhost-sockets.ts';
import type { Found, FoundRing, Refusal, RingFinder } from './finder.ts';
import { entryBytes, type Memzone, memzoneFileBytesMax, parseMemzones } from './memzones.ts';
import {
  lockKeyOf,
  pathOf,
  readStart,
  readText,
  readWhole,
  runtimeFolders,
  startTicksOf,
  writeLockers,
} from './proc.ts';
import { dpdkAbiOf, type MappedRange, parseMaps } from './process-maps.ts';
import { placesOf } from './ring-place.ts';
import { SocketOwners } from './socket-owners.ts';
import { ringSizeOf, splitLayout } from './split-ring.ts';
import { isGuestDevice, isHostDevice, type VirtualDevice, virtualDevicesOf } from './vdev-arguments.ts';

/** ABI of DPDK 20.11 and 24.11: struct rte_memzone and the rings are the same in all sources between. 22.11 is tried. */
const abiLeast = 21;
const abiMost = 25;
const zoneName = /^port(\d{1,5})_vq(\d{1,5})$/;
const programsMax = 256;

export interface DpdkGuestOptions {
  readonly procRoot: string;
  readonly dpdkRuntimeDirs: readonly string[];
  readonly sockets: VhostSockets;
}

/** A DPDK program that lives, and how it was started. */
interface Program {
  readonly prefix: string;
  readonly folder: string;
  readonly pid: number;
  readonly startTicks: string;
  readonly devices: readonly VirtualDevice[];
}

/** What a ring's life hangs on. */
interface Witness {
  readonly program: Program;
  readonly zone: Memzone;
  readonly socket: string;
}

/** A zone that is a ring, and the device it belongs to. */
interface RingZone {
  readonly zone: Memzone;
  readonly device: VirtualDevice;
  readonly index: number;
}

/**
 * Rings of DPDK programs with net_virtio_user (containers, guests of the lab): the program lists them among its memory, and
 * /proc says which file holds that. Such guests do not migrate.
 */
export class DpdkGuestFinder implements RingFinder {
  readonly #options: DpdkGuestOptions;
  readonly #witnesses = new WeakMap<FoundRing, Witness>();
  readonly #owners: SocketOwners;

  constructor(options: DpdkGuestOptions) {
    this.#options = options;
    this.#owners = new SocketOwners(options.sockets);
  }

  find(boundary: number): Found {
    const programs = this.#programs();
    const hosts = hostPortsOf(this.#options.procRoot, programs);
    const results = programs.map((program) => this.#ringsOf(program, hosts, boundary));
    this.#forgetSockets(programs);
    return {
      rings: results.flatMap(({ rings }) => rings),
      refusals: results.flatMap(({ refusals }) => refusals),
    };
  }

  check({ rings, refusals }: Found): Found {
    const starts = new Map<string, Buffer | undefined>();
    const still = rings.filter((ring) => {
      const witness = this.#witnesses.get(ring);
      if (witness === undefined) return false;
      const { program, zone, socket } = witness;
      const { pid, startTicks, folder } = program;
      const start = starts.get(folder) ?? this.#startOf(program, rings);
      starts.set(folder, start);
      const isSame = start?.subarray(zone.at, zone.at + entryBytes).equals(zone.entry) === true;
      return (
        isSame && this.#owners.isStill(socket, ring.port) && startTicksOf(this.#options.procRoot, pid) === startTicks
      );
    });
    return { rings: still, refusals };
  }

  /** The list of memory as far as rings of this program stand in it. */
  #startOf({ folder }: Program, rings: readonly FoundRing[]): Buffer | undefined {
    const ends = rings.flatMap((ring) => {
      const witness = this.#witnesses.get(ring);
      return witness?.program.folder === folder ? [witness.zone.at + entryBytes] : [];
    });
    return readStart(join(folder, 'fbarray_memzone'), Math.max(...ends));
  }

  /** Who lives holds a lock on `config` in the folder of his prefix; files of the dead stay behind. */
  #programs(): readonly Program[] {
    const { procRoot, dpdkRuntimeDirs } = this.#options;
    const lockers = writeLockers(procRoot);
    const programs: Program[] = [];
    for (const { prefix, folder } of runtimeFolders(dpdkRuntimeDirs)) {
      const key = lockKeyOf(join(folder, 'config'));
      const pid = key === undefined ? undefined : lockers.get(key);
      if (pid === undefined || programs.length >= programsMax) continue;
      const startTicks = startTicksOf(procRoot, pid);
      const cmdline = readText(`${procRoot}/${pid}/cmdline`);
      if (startTicks === undefined || cmdline === undefined) continue;
      programs.push({ prefix, folder, pid, startTicks, devices: virtualDevicesOf(cmdline) });
    }
    return programs;
  }

  #ringsOf(program: Program, hosts: ReadonlyMap<string, string>, boundary: number): Found {
    const devices = program.devices.filter(isGuestDevice);
    if (devices.length === 0) return { rings: [], refusals: [] };
    const refuse = (why: string): Found => ({ rings: [], refusals: [{ guest: program.prefix, why }] });
    const file = readWhole(join(program.folder, 'fbarray_memzone'), memzoneFileBytesMax);
    const zones = file === undefined ? undefined : parseMemzones(file);
    if (zones === undefined) return refuse('its list of memory (fbarray_memzone) cannot be read or has another layout');
    const text = readText(`${this.#options.procRoot}/${program.pid}/maps`);
    if (text === undefined) return refuse('its /proc/PID/maps cannot be read: that takes CAP_SYS_PTRACE');
    const maps = parseMaps(text);
    const abi = dpdkAbiOf(maps);
    if (abi !== undefined && (abi < abiLeast || abi > abiMost)) return refuse(`DPDK with ABI ${abi} is not known`);
    const found = ringZonesOf(zones, devices);
    if (found === undefined) return refuse('its ports with rings and its devices (--vdev) are not equally many');
    const rings: FoundRing[] = [];
    const refusals: Refusal[] = [];
    for (const one of found) {
      const ring = this.#ringOf(program, one, maps, hosts, boundary);
      if (typeof ring === 'string') refusals.push({ guest: program.prefix, why: `${one.zone.name}: ${ring}` });
      else if (ring !== undefined) rings.push(ring);
    }
    return { rings, refusals };
  }

  /** Text: why it is refused. Undefined: not now, or no ring of packets. */
  #ringOf(
    program: Program,
    { zone, device, index }: RingZone,
    maps: readonly MappedRange[],
    hosts: ReadonlyMap<string, string>,
    boundary: number,
  ): FoundRing | string | undefined {
    const { options } = device;
    const queue = Math.floor(index / 2);
    // Beyond the pairs stands the control queue, which has no packets.
    if (queue >= Number(options.get('queues') ?? 1)) return undefined;
    if ((options.get('packed_vq') ?? '0') !== '0') return 'a packed ring has no index in memory';
    const path = options.get('path') ?? '/dev/';
    if (path.startsWith('/dev/')) return 'its device has no vhost-user socket';
    const size = ringSizeOf(zone.bytes, Number(options.get('queue_size') ?? 256));
    if (size === undefined) return `a ring of ${zone.bytes} bytes does not fit its queue_size`;
    const direction = index % 2 === 0 ? 'toGuest' : 'fromGuest';
    const layout = splitLayout(size);
    const [usedAddress, availAddress] = [zone.address + layout.usedAt, zone.address + layout.availAt];
    const { procRoot } = this.#options;
    const places = placesOf(procRoot, program.pid, { size, direction, usedAddress, availAddress }, maps);
    if (places === undefined) return 'its address is in no shared memory of the process';
    const socket = pathOf(procRoot, program.pid, path);
    const owner = this.#owners.ownerOf(socket, hosts.get(socket), boundary);
    if (owner === undefined || owner.isConnected === false) return undefined;
    const { prefix, pid, startTicks } = program;
    const ring: FoundRing = {
      key: [pid, startTicks, zone.name, zone.address, size, owner.port].join(' '),
      guest: prefix,
      port: owner.port,
      direction,
      queue,
      size,
      witness: 'memzone',
      layout: 'split',
      queuesUnread: 0,
      places,
    };
    this.#witnesses.set(ring, { program, zone, socket });
    return ring;
  }

  #forgetSockets(programs: readonly Program[]): void {
    const sockets = new Set(
      programs.flatMap(({ pid, devices }) =>
        devices.map(({ options }) => pathOf(this.#options.procRoot, pid, options.get('path') ?? '')),
      ),
    );
    this.#owners.keep(sockets);
  }
}

/**
 * Rings with their devices. Port ids are given in the order of --vdev, and each such device is one port, so that the
 * smallest id that has rings is that of the first device. Undefined: they do not go together. A program that has set up
 * none of its devices yet has no rings.
 */
function ringZonesOf(zones: readonly Memzone[], devices: readonly VirtualDevice[]): readonly RingZone[] | undefined {
  const rings = zones.flatMap((zone) => {
    const [, port, index] = zoneName.exec(zone.name) ?? [];
    return port === undefined ? [] : [{ zone, port: Number(port), index: Number(index) }];
  });
  const ids = [...new Set(rings.map(({ port }) => port))].sort((a, b) => a - b);
  if (ids.length > 0 && ids.length !== devices.length) return undefined;
  return rings.flatMap(({ zone, port, index }) => {
    const device = devices[ids.indexOf(port)];
    return device === undefined ? [] : [{ zone, device, index }];
  });
}

/** The host's ends of sockets, as the source of DPDK programs names their devices. */
function hostPortsOf(procRoot: string, programs: readonly Program[]): ReadonlyMap<string, string> {
  return new Map(
    programs.flatMap(({ prefix, pid, devices }) =>
      devices.filter(isHostDevice).flatMap(({ name, options }) => {
        const path = options.get('iface');
        return path === undefined ? [] : [[pathOf(procRoot, pid, path), `${prefix}:${name}`] as const];
      }),
    ),
  );
}
