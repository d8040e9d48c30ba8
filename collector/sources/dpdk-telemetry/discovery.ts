import { type FSWatcher, readdirSync, realpathSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { FourninesError, systemCode } from '../../../core/runtime/error.ts';

/** A file that a DPDK program listens, or listened, at. */
export interface TelemetrySocket {
  readonly path: string;
  /** The folder of folders it was found in, as configured. */
  readonly runtimeDir: string;
  /** The program's --file-prefix: the name of the folder it stands in. */
  readonly prefix: string;
  /** 0 for the first program of the prefix, 1 for `dpdk_telemetry.v2:1` ... */
  readonly number: number;
}

export interface SocketScan {
  readonly sockets: readonly TelemetrySocket[];
  /** Sockets beyond the bound, or at a path that is too long to connect to. */
  readonly leftOut: number;
}

/** lib/telemetry/telemetry.c of DPDK: the first free name, since 21.11. */
const socketName = /^dpdk_telemetry\.v2(?::(\d{1,5}))?$/;
/** Files of killed programs stay behind: far more than the programs there can be. */
const socketsMax = 512;
/** Longest path of a socket: struct sockaddr_un less the closing NUL. */
const pathBytesMax = 107;

/**
 * Finds telemetry sockets. inotify says where it is worth looking; the regular scan finds them all the same, where
 * watches are refused or a folder came later.
 */
export class SocketDiscovery {
  readonly #runtimeDirs: readonly string[];
  readonly #watches = new Map<string, { readonly inode: bigint; readonly watcher: FSWatcher }>();
  /** Folders in which something happened since they were taken. */
  #changed = new Set<string>();
  #isWatching = false;

  constructor(runtimeDirs: readonly string[]) {
    this.#runtimeDirs = runtimeDirs;
  }

  start(): void {
    this.#isWatching = true;
  }

  /** Folders in which files came or went since the last call. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed;
    if (changed.size > 0) this.#changed = new Set();
    return changed;
  }

  /** Every socket there is now, in the order of the configured folders, then of names. */
  scan(): SocketScan {
    const sockets: TelemetrySocket[] = [];
    let leftOut = 0;
    const folders = new Map<string, bigint>();
    for (const runtimeDir of this.#distinctDirs()) {
      this.#note(runtimeDir, folders);
      for (const prefix of listFolder(runtimeDir, (entry) => entry.isDirectory())) {
        const folder = join(runtimeDir, prefix);
        const names = listFolder(folder, (entry) => entry.isSocket()).filter((name) => socketName.test(name));
        if (folders.size < socketsMax) this.#note(folder, folders);
        for (const name of names) {
          const path = join(folder, name);
          const number = Number(socketName.exec(name)?.[1] ?? 0);
          if (sockets.length < socketsMax && Buffer.byteLength(path) <= pathBytesMax) {
            sockets.push({ path, runtimeDir, prefix, number });
          } else leftOut++;
        }
      }
    }
    this.#watchOnly(folders);
    return { sockets, leftOut };
  }

  stop(): void {
    this.#isWatching = false;
    for (const { watcher } of this.#watches.values()) watcher.close();
    this.#watches.clear();
    this.#changed.clear();
  }

  /** /var/run is /run on most systems: a folder that is reached twice is read once. */
  #distinctDirs(): string[] {
    const seen = new Set<string>();
    return this.#runtimeDirs.filter((dir) => {
      const real = existing(() => realpathSync(dir));
      if (real === undefined || seen.has(real)) return false;
      seen.add(real);
      return true;
    });
  }

  #note(folder: string, folders: Map<string, bigint>): void {
    const found = existing(() => statSync(folder, { bigint: true }));
    if (found !== undefined) folders.set(folder, found.ino);
  }

  #watchOnly(folders: ReadonlyMap<string, bigint>): void {
    for (const [folder, { inode, watcher }] of this.#watches) {
      // A folder made anew under its name is not the one that is watched.
      if (folders.get(folder) === inode) continue;
      watcher.close();
      this.#watches.delete(folder);
    }
    if (!this.#isWatching) return;
    for (const [folder, inode] of folders) {
      if (this.#watches.has(folder)) continue;
      const watcher = this.#watch(folder);
      if (watcher !== undefined) this.#watches.set(folder, { inode, watcher });
    }
  }

  #watch(folder: string): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#changed.add(folder));
      watcher.on('error', () => {
        watcher.close();
        this.#watches.delete(folder);
      });
      return watcher;
    } catch {
      // Out of watches, or the folder has just gone: the regular scan does without.
      return undefined;
    }
  }
}

/** Tells a socket's file from another one at the same path. */
export function bornOf(path: string): string {
  const found = existing(() => statSync(path, { bigint: true }));
  return found === undefined ? '' : `${found.ino} ${found.ctimeNs}`;
}

type Entry = { readonly name: string; isDirectory(): boolean; isSocket(): boolean };

/** Names of the wanted entries in order; none where the folder is not there or is hidden from us. */
function listFolder(folder: string, isWanted: (entry: Entry) => boolean): string[] {
  const entries = existing(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  return entries
    .filter(isWanted)
    .map(({ name }) => name)
    .sort();
}

function existing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined;
    throw new FourninesError('FN_SOURCE', 'a folder of DPDK programs cannot be read', { cause: error });
  }
}
