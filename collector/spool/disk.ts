import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { takeDataFolder } from '../../core/runtime/data-folder.ts';
import { FourninesError, systemCode } from '../../core/runtime/error.ts';

/** The few things the spool does with files, so that a test can let a disk fail. Every call may throw a system error. */
export interface Disk {
  /** Makes the folder and takes it for this process: FN_FOLDER_LOCKED, FN_FOLDER. */
  lock(folder: string): { release(): void };
  list(folder: string): Promise<readonly DiskEntry[]>;
  /** new: must not be there yet; existing: must be there; any: made if need be. */
  open(path: string, mode: 'new' | 'existing' | 'any'): Promise<DiskFile>;
  makeFolder(path: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes names of new files survive a power cut. */
  syncFolder(path: string): Promise<void>;
}

export interface DiskEntry {
  readonly name: string;
  readonly bytes: number;
}

export interface DiskFile {
  /** Bytes read; fewer than asked for only at the end of the file. */
  read(into: Uint8Array, at: number): Promise<number>;
  /** Writes all or throws; then some of it may have been written. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  truncate(bytes: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

const flags = {
  new: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  existing: constants.O_RDWR,
  any: constants.O_RDWR | constants.O_CREAT,
} as const;

export const nodeDisk: Disk = {
  lock: takeDataFolder,
  list: async (folder) => {
    const entries = await readdir(folder, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    return Promise.all(files.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })));
  },
  open: async (path, mode) => nodeFile(await open(path, flags[mode], 0o640)),
  makeFolder: async (path) => {
    await mkdir(path, { recursive: true, mode: 0o750 });
  },
  remove: (path) => rm(path, { force: true }),
  syncFolder: async (path) => {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};

function nodeFile(handle: FileHandle): DiskFile {
  return {
    read: async (into, at) => {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await handle.read(into, done, into.length - done, at + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    write: async (bytes, at) => {
      // A full disk takes a part first, and says so with the next write.
      for (let done = 0; done < bytes.length; ) {
        done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      }
    },
    truncate: (bytes) => handle.truncate(bytes),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** FN_SPOOL_FULL when there is no room, else FN_SPOOL. */
export function diskError(error: unknown, what: string): FourninesError {
  if (error instanceof FourninesError) return error;
  const code = systemCode(error) ?? '';
  return new FourninesError(fullCodes.has(code) ? 'FN_SPOOL_FULL' : 'FN_SPOOL', what, {
    cause: error,
    context: { systemCode: code },
  });
}
