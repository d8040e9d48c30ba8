import { FourninesError } from '../../../core/runtime/error.ts';
import { exactInteger } from '../../exact-json.ts';

// What QEMU answers, by qapi/*.json of 7.2. Nothing of it is taken on trust: a shape that does not fit is FN_QMP_REPLY.

/** Where a ring stands in QEMU's own memory. */
export interface RingStatus {
  readonly size: number;
  readonly availAddress: bigint;
  readonly usedAddress: bigint;
}

/** More devices than a machine of QEMU has slots for. */
const itemsMax = 4096;
const addressMax = 1n << 57n;

/** Major and minor number of the version, times 100 and added up: 702 for 7.2. */
export function versionOf(greeting: unknown): number {
  const { major, minor } = objectOf(
    objectOf(objectOf(greeting, 'greeting')['version'], 'greeting')['qemu'],
    'greeting',
  );
  return numberOf(major, 'greeting', 1000) * 100 + numberOf(minor, 'greeting', 99);
}

/** How a guest stands. */
export interface GuestState {
  /** It runs here and nowhere else: it is neither paused nor on its way. */
  readonly isSettled: boolean;
  /** QEMU's word for where it is on its way from or to another host; empty: it is on none. */
  readonly migration: string;
}

const migrationOver = ['none', 'completed', 'failed', 'cancelled'];
/** Of the guest itself: its memory has not come yet, is about to be gone, or is gone. */
const statesOnTheWay = ['inmigrate', 'finish-migrate', 'postmigrate'];
const wordCharactersMax = 32;

export function guestStateOf(status: unknown, migration: unknown): GuestState {
  const { running, status: state } = objectOf(status, 'query-status');
  const { status: progress = 'none' } = objectOf(migration, 'query-migrate');
  if (typeof running !== 'boolean' || typeof state !== 'string' || typeof progress !== 'string')
    throw misfit('query-status');
  const isOver = migrationOver.includes(progress);
  const word = statesOnTheWay.includes(state) ? state : isOver ? '' : progress.slice(0, wordCharactersMax);
  return { isSettled: running && isOver, migration: word };
}

/** Paths of network devices in QEMU's tree of objects. */
export function networkDevices(devices: unknown): readonly string[] {
  return listOf(devices, 'x-query-virtio').flatMap((device) => {
    const { name, path } = objectOf(device, 'x-query-virtio');
    if (typeof name !== 'string' || typeof path !== 'string') throw misfit('x-query-virtio');
    return name === 'virtio-net' ? [path] : [];
  });
}

/** A connection of QEMU's to the outside, as far as it is a socket that QEMU serves. */
export interface ServedSocket {
  readonly path: string;
  readonly isConnected: boolean;
}

/** By label. What is no socket of the file system that QEMU serves is left out. */
export function servedSockets(chardevs: unknown): ReadonlyMap<string, ServedSocket> {
  const found = new Map<string, ServedSocket>();
  for (const chardev of listOf(chardevs, 'query-chardev')) {
    const { label, filename } = objectOf(chardev, 'query-chardev');
    if (typeof label !== 'string' || typeof filename !== 'string') throw misfit('query-chardev');
    const [, away, path] = /^(disconnected:)?unix:(\/.{1,4096}),server=on$/.exec(filename) ?? [];
    if (path !== undefined) found.set(label, { path, isConnected: away === undefined });
  }
  return found;
}

/** Ids of the threads that processors of the guest run on. */
export function processorThreads(cpus: unknown): readonly number[] {
  return listOf(cpus, 'query-cpus-fast').map((cpu) =>
    numberOf(objectOf(cpu, 'query-cpus-fast')['thread-id'], 'query-cpus-fast', 1 << 22),
  );
}

/**
 * A ring by its sizes in bytes: those of a split ring of `num` descriptors, with or without the field for event indices. A
 * packed one has areas of 4 bytes; one that the guest has not set up has none.
 */
export function ringStatusOf(status: unknown): RingStatus | 'packed' | 'none' {
  const what = 'x-query-virtio-vhost-queue-status';
  const told = objectOf(status, what);
  const size = numberOf(told['num'], what, 32_768);
  const [avail, used] = [numberOf(told['avail-size'], what, 1 << 20), numberOf(told['used-size'], what, 1 << 20)];
  if (size === 0 || avail === 0) return 'none';
  if (avail === 4 && used === 4) return 'packed';
  const extra = avail - 4 - 2 * size;
  const isSplit = (extra === 0 || extra === 2) && used === 4 + 8 * size + extra && (size & (size - 1)) === 0;
  if (!isSplit) throw misfit(what);
  return { size, availAddress: addressOf(told['avail'], what) + 2n, usedAddress: addressOf(told['used'], what) + 2n };
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw misfit(what);
  return value as Readonly<Record<string, unknown>>;
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > itemsMax) throw misfit(what);
  return value;
}

function numberOf(value: unknown, what: string, most: number): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > most) throw misfit(what);
  return value as number;
}

function addressOf(value: unknown, what: string): bigint {
  const address = exactInteger(value) ?? 0n;
  if (address <= 0n || address >= addressMax || address % 2n !== 0n) throw misfit(what);
  return address;
}

function misfit(what: string): FourninesError {
  return new FourninesError('FN_QMP_REPLY', `QEMU's answer to ${what} cannot be read`, { context: { command: what } });
}
