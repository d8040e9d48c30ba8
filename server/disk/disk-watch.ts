import { statfs } from 'node:fs/promises';
import { systemCode } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import { type DiskLevels, type DiskState, judgeRoom } from './room.ts';

export interface DiskStatus extends DiskLevels {
  readonly state: DiskState;
  /** Undefined: not known. */
  readonly freeBytes: number | undefined;
}

export interface DiskWatchOptions extends DiskLevels {
  /** The data folder. */
  readonly folder: string;
  readonly logger: Logger;
  readonly everyMs?: number;
  readonly readFree?: (folder: string) => Promise<number>;
}

/**
 * Looks at the free bytes of the data folder's disk. Below the floor whoever wants to store something new waits until there
 * is room again: a store that finds its disk full in the middle of a write fails in ways that nobody chose. Nothing is
 * ever removed to make room.
 */
export class DiskWatch implements Part {
  readonly name = 'disk';
  readonly #options: Required<DiskWatchOptions>;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #state: DiskState = 'unknown';
  #freeBytes: number | undefined;

  constructor(options: DiskWatchOptions) {
    this.#options = { everyMs: 2_000, readFree: freeBytesOf, ...options };
  }

  async start(): Promise<void> {
    await this.#look();
    this.#timer = setInterval(() => void this.#look(), this.#options.everyMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  get status(): DiskStatus {
    const { lowBytes, floorBytes } = this.#options;
    return { state: this.#state, freeBytes: this.#freeBytes, lowBytes, floorBytes };
  }

  /** Resolves when there is room, by a look of this moment; rejects with the signal's reason. */
  async room(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#look();
    while (this.#state === 'full') {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = () => reject(signal.reason);
      this.#waiting.add(resolve);
      signal.addEventListener('abort', onAbort, { once: true });
      await promise.finally(() => {
        this.#waiting.delete(resolve);
        signal.removeEventListener('abort', onAbort);
      });
    }
  }

  #look(): Promise<void> {
    this.#looking ??= this.#read().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #read(): Promise<void> {
    const { folder, logger, readFree } = this.#options;
    let why = '';
    try {
      this.#freeBytes = await readFree(folder);
    } catch (error) {
      this.#freeBytes = undefined;
      why = systemCode(error) ?? String(error);
    }
    const before = this.#state;
    this.#state = judgeRoom(this.#freeBytes, this.#options, before);
    if (this.#state !== 'full') for (const wake of this.#waiting) wake();
    if (this.#state === before) return;
    const { freeBytes, lowBytes, floorBytes } = this.status;
    const fields = { freeBytes, lowBytes, floorBytes, ...(why === '' ? {} : { code: why }) };
    if (this.#state === 'full') logger.error(fields, 'the disk is full: nothing new is stored until there is room');
    else if (this.#state === 'low') logger.warn(fields, 'the disk has little room left');
    else if (this.#state === 'unknown') logger.warn(fields, 'nobody says how much room the disk has');
    else if (before !== 'unknown') logger.info(fields, 'the disk has room again');
  }
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
