import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { FourninesError } from '../../../core/runtime/error.ts';
import { fieldOfStat, isGone } from '../../process-files.ts';
import type { MappedRange } from './process-maps.ts';

// What the finders read of /proc and of folders. Undefined everywhere: just gone, or hidden from us.

/** Field 22 of /proc/PID/stat: another start is another process under a reused pid. */
export function startTicksOf(procRoot: string, pid: number): string | undefined {
  const stat = readText(`${procRoot}/${pid}/stat`);
  return stat === undefined ? undefined : fieldOfStat(stat, 'startTicks');
}

/** Who holds the write lock that a DPDK program keeps on `config` in its runtime folder, by inode: /proc/locks. */
export function writeLockers(procRoot: string): ReadonlyMap<string, number> {
  const lockers = new Map<string, number>();
  for (const line of (readText(`${procRoot}/locks`) ?? '').split('\n')) {
    const [, pid, major, minor, inode] =
      /^\d+: POSIX +ADVISORY +WRITE (\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line) ?? [];
    if (pid !== undefined && pid !== '0')
      lockers.set(`${parseInt(major ?? '', 16)}:${parseInt(minor ?? '', 16)}:${inode}`, Number(pid));
  }
  return lockers;
}

/** As `writeLockers` names a file. */
export function lockKeyOf(path: string): string | undefined {
  const found = existing(() => statSync(path, { bigint: true }));
  if (found === undefined) return undefined;
  return `${deviceNameOf(found.dev)}:${found.ino}`;
}

/** Major and minor of st_dev, as glibc packs them. */
function deviceNameOf(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffff_ff00n);
  return `${major}:${minor}`;
}

export function readText(path: string): string | undefined {
  return existing(() => readFileSync(path, 'utf8'));
}

/** A file of at most `bytesMax`, whole. */
export function readWhole(path: string, bytesMax: number): Buffer | undefined {
  const size = existing(() => statSync(path))?.size;
  return size === undefined || size > bytesMax ? undefined : existing(() => readFileSync(path));
}

/** The first `bytes` of a file; less where it ends before. */
export function readStart(path: string, bytes: number): Buffer | undefined {
  return existing(() => {
    const fd = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(bytes);
      return buffer.subarray(0, readSync(fd, buffer, 0, bytes, 0));
    } finally {
      closeSync(fd);
    }
  });
}

export interface MappedFile {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
}

/**
 * The file of a mapping: where /proc keeps it, whatever its name and mount namespace (which takes CAP_CHECKPOINT_RESTORE), or
 * else by its name, where that still leads to the same file.
 */
export function mappedFileOf(procRoot: string, pid: number, range: MappedRange): MappedFile | undefined {
  const { from, to, inode, device, path } = range;
  const kept = `${procRoot}/${pid}/map_files/${from.toString(16)}-${to.toString(16)}`;
  for (const [at, isNamed] of [
    [kept, false],
    [path, true],
  ] as const) {
    const found = at.startsWith('/') ? existing(() => statSync(at, { bigint: true })) : undefined;
    if (!found?.isFile() || found.ino !== inode || (isNamed && deviceNameOf(found.dev) !== device)) continue;
    return { path: at, device: found.dev, inode };
  }
  return undefined;
}

/** A path as the process means it. */
export function pathOf(procRoot: string, pid: number, path: string): string {
  return resolve(targetOf(`${procRoot}/${pid}/cwd`) ?? '/', path);
}

/** Folders of DPDK programs, each once: /var/run is /run on most systems. */
export function runtimeFolders(
  dirs: readonly string[],
): readonly { readonly prefix: string; readonly folder: string }[] {
  const real = new Set(dirs.flatMap((dir) => existing(() => realpathSync(dir)) ?? []));
  return [...real].flatMap((dir) => {
    const entries = existing(() => readdirSync(dir, { withFileTypes: true })) ?? [];
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    return names.sort().map((prefix) => ({ prefix, folder: join(dir, prefix) }));
  });
}

/** Names in a folder. */
export function listFolder(path: string): readonly string[] {
  return existing(() => readdirSync(path)) ?? [];
}

/** Where a link of /proc leads. */
export function targetOf(path: string): string | undefined {
  return existing(() => readlinkSync(path));
}

function existing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw new FourninesError('FN_SOURCE', 'what /proc tells of guests cannot be read', { cause: error });
  }
}
