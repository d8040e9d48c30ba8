import type { Disk, DiskFile } from '../../../../collector/spool/disk.ts';
import { FourninesError } from '../../../../core/runtime/error.ts';

/** A system error as Node gives it. */
function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

interface Fault {
  /** Bytes of the next write that still reach the file. */
  readonly afterBytes: number;
  /** An error code; `kill`: the process ends there, and nothing it does afterwards counts. */
  readonly what: string;
}

/** Files in memory that outlive the process that writes them, and fail when they are told to. */
export class MemoryDisk implements Disk {
  readonly files: Map<string, Buffer>;
  /** For the next write whose path ends so. */
  fault: (Fault & { readonly path: string }) | undefined;
  /** Why no write is taken; undefined: they are. */
  refusing: string | undefined;
  unreadable: { readonly path: string; readonly from: number; readonly to: number } | undefined;
  #dead = false;
  readonly #held = new Set<string>();
  /** Resolves when a fault has killed the process. */
  readonly killed: Promise<void>;
  #onKilled: () => void = () => undefined;

  constructor(files: Map<string, Buffer> = new Map()) {
    this.files = files;
    this.killed = new Promise((resolve) => {
      this.#onKilled = resolve;
    });
  }

  /** The process is gone; the disk as the next one finds it. */
  kill(): MemoryDisk {
    this.#dead = true;
    return new MemoryDisk(this.files);
  }

  copy(): MemoryDisk {
    return new MemoryDisk(new Map([...this.files].map(([path, bytes]) => [path, Buffer.from(bytes)])));
  }

  lock(folder: string): { release(): void } {
    if (this.#held.has(folder)) throw new FourninesError('FN_FOLDER_LOCKED', 'held');
    this.#held.add(folder);
    return { release: () => this.#held.delete(folder) };
  }

  async list(folder: string) {
    return [...this.files]
      .filter(([path]) => path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/'))
      .map(([path, bytes]) => ({ name: path.slice(folder.length + 1), bytes: bytes.length }));
  }

  async makeFolder(): Promise<void> {
    // Folders are only parts of names here.
  }

  async syncFolder(): Promise<void> {
    // Nothing to force.
  }

  async remove(path: string): Promise<void> {
    if (!this.#dead) this.files.delete(path);
  }

  async open(path: string, mode: 'new' | 'existing' | 'any'): Promise<DiskFile> {
    const isThere = this.files.has(path);
    if (mode === 'existing' && !isThere) throw systemError('ENOENT');
    if (mode === 'new' && isThere) throw systemError('EEXIST');
    if (!isThere && this.refusing !== undefined) throw systemError(this.refusing);
    if (!isThere && !this.#dead) this.files.set(path, Buffer.alloc(0));
    return {
      read: async (into, at) => this.#read(path, into, at),
      write: (bytes, at) => this.#write(path, bytes, at),
      truncate: async (bytes) => {
        if (!this.#dead) this.files.set(path, this.#bytes(path).subarray(0, bytes));
      },
      sync: async () => undefined,
      close: async () => undefined,
    };
  }

  #bytes(path: string): Buffer {
    return this.files.get(path) ?? Buffer.alloc(0);
  }

  #read(path: string, into: Uint8Array, at: number): number {
    const { unreadable } = this;
    if (unreadable !== undefined && path.endsWith(unreadable.path)) {
      if (at < unreadable.to && at + into.length > unreadable.from) throw systemError('EIO');
    }
    return this.#bytes(path).copy(into, 0, at);
  }

  async #write(path: string, bytes: Uint8Array, at: number): Promise<void> {
    // A turn of the loop, as a real write takes one.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#dead) return new Promise(() => undefined);
    const fault = this.fault !== undefined && path.endsWith(this.fault.path) ? this.fault : undefined;
    if (fault === undefined && this.refusing !== undefined) throw systemError(this.refusing);
    const taken = bytes.subarray(0, fault?.afterBytes ?? bytes.length);
    const before = this.#bytes(path);
    const after = Buffer.alloc(Math.max(before.length, at + taken.length));
    before.copy(after);
    after.set(taken, at);
    this.files.set(path, after);
    if (fault === undefined) return undefined;
    this.fault = undefined;
    if (fault.what !== 'kill') throw systemError(fault.what);
    this.#dead = true;
    this.#onKilled();
    return new Promise(() => undefined);
  }
}
