import { assert } from '../core/runtime/error.ts';
import {
  type MappedRing,
  type RemoteRing,
  type StallOptions,
  stallThreadStride,
  stallThreadsMax,
  threadStride,
} from './facade.ts';

// What both forms demand of their callers. A refusal is a mistake of ours, so FN_INTERNAL.

/** PID_MAX_LIMIT of 64-bit kernels. */
const threadsMax = 4_194_304;
/** IFNAMSIZ without its NUL, bytes. */
const nicBytesMax = 15;
/** CPUs a mask may name; far above NR_CPUS of any kernel (8192). */
const cpusMax = 65_536;
/** Values in one call of `ethtoolCounters`; 512 MiB would be nonsense from a driver. */
const valuesMax = 16_777_216;

/** PATH_MAX without its NUL, bytes. */
const pathBytesMax = 4095;
const stallHzMax = 1000;
/** sun_path of a Unix socket without its NUL, bytes. */
const socketPathBytesMax = 107;
/** Commands in one round. */
const commandsMax = 4096;
/** What DPDK's server reads of one request (its buffer has 1,024 with a NUL). */
const commandBytesMax = 1023;
const ringSizeMax = 32_768;
const waitMsMax = 600_000;

export function checkThreads(threads: Uint32Array, out: BigUint64Array): void {
  assert(threads instanceof Uint32Array && out instanceof BigUint64Array, 'threads or out has another type');
  assert(threads.length % 2 === 0, 'threads is not pairs of pid and tid');
  assert(threads.length / 2 <= threadsMax, 'more threads than a machine can have');
  assert(out.length >= (threads.length / 2) * threadStride, 'out is too small');
}

export function checkStallOptions({ procRoot, hz, thresholdNs }: StallOptions): void {
  assert(typeof procRoot === 'string' && procRoot.length > 0 && !procRoot.includes('\0'), 'procRoot is no path');
  assert(Buffer.byteLength(procRoot) <= pathBytesMax, 'procRoot is too long');
  assert(Number.isInteger(hz) && hz >= 0 && hz <= stallHzMax, 'samples a second out of bounds');
  assert(Number.isInteger(thresholdNs) && thresholdNs >= 0 && thresholdNs <= 60e9, 'threshold out of bounds');
}

export function checkStallThreads(threads: Uint32Array): void {
  assert(threads instanceof Uint32Array && threads.length % 2 === 0, 'threads is not pairs of pid and tid');
  assert(threads.length / 2 <= stallThreadsMax, 'more threads than a sampler takes');
}

export function checkStallRows(rows: BigUint64Array, count: number): void {
  assert(rows instanceof BigUint64Array && rows.length >= count * stallThreadStride, 'rows is too small');
}

export function checkNic(nic: string): void {
  assert(typeof nic === 'string' && nic.length > 0, 'NIC name is not a string');
  assert(Buffer.byteLength(nic) <= nicBytesMax, 'NIC name is too long');
  assert(!/[\0/]/.test(nic) && nic !== '.' && nic !== '..', 'NIC name has a character that no NIC name can have');
}

export function checkNics(nics: readonly string[], counts: Uint32Array): void {
  assert(Array.isArray(nics) && counts instanceof Uint32Array, 'nics or counts has another type');
  assert(nics.length === counts.length, 'nics and counts differ in length');
  for (const nic of nics) checkNic(nic);
  assert(sum(counts) <= valuesMax, 'more values than drivers can have');
}

export function checkCpus(cpus: readonly number[]): void {
  assert(Array.isArray(cpus) && cpus.length > 0, 'cpus is not a list or empty');
  assert(
    cpus.every((cpu) => Number.isInteger(cpu) && cpu >= 0 && cpu < cpusMax),
    'a CPU is not a whole number in range',
  );
}

/** `path` of a Unix socket and the time an open may take. */
export function checkTelemetryPath(path: string, deadlineMs: number): void {
  assert(typeof path === 'string' && path.length > 0 && !path.includes('\0'), 'path is not a string or has NUL');
  assert(Buffer.byteLength(path) <= socketPathBytesMax, 'path is longer than a Unix socket can have');
  checkMs(deadlineMs);
}

export function checkCommands(commands: readonly string[]): void {
  assert(Array.isArray(commands) && commands.length <= commandsMax, 'commands is not a list or too long');
  for (const command of commands) {
    assert(typeof command === 'string' && command.startsWith('/'), 'a command does not begin with a slash');
    assert(
      Buffer.byteLength(command) <= commandBytesMax && !command.includes('\0'),
      'a command is too long or has NUL',
    );
  }
}

/** A wait, ms: whole, above 0, at most ten minutes. */
export function checkMs(ms: number): void {
  assert(Number.isInteger(ms) && ms > 0 && ms <= waitMsMax, 'a wait is not a whole number of ms in range');
}

/** A pace of the ring sampler. */
export function checkPeriod(periodUs: number): void {
  assert(Number.isInteger(periodUs) && periodUs >= 100 && periodUs <= 1_000_000, 'a period is not 100 us to 1 s');
}

export function checkRing(ring: MappedRing | RemoteRing): void {
  const { size, direction } = ring;
  assert(Number.isInteger(size) && size >= 1 && size <= ringSizeMax, 'a ring has 1 to 32768 descriptors');
  assert(direction === 'toGuest' || direction === 'fromGuest', 'a ring has a direction');
  const numbers =
    'pid' in ring
      ? [BigInt(ring.pid), ring.usedAddress, ring.availAddress]
      : [ring.device, ring.inode, ring.usedOffset, ring.availOffset];
  assert(
    numbers.every((number) => typeof number === 'bigint' && BigInt.asUintN(64, number) === number),
    'a place of a ring is not a number of 64 bits',
  );
  if ('pid' in ring) return;
  assert(typeof ring.path === 'string' && ring.path !== '' && !ring.path.includes('\0'), 'path is empty or has NUL');
}

export function sum(counts: Uint32Array): number {
  return counts.reduce((total, count) => total + count, 0);
}
