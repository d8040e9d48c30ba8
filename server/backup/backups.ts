import { resolve } from 'node:path';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import { clearSnapshots, type Snapshot, type SnapshotOptions, takeSnapshot } from './snapshot.ts';

export interface BackupsOptions extends SnapshotOptions {
  /** Both stores are open, their schemas up to date. */
  readonly isReady: () => boolean;
}

/** Backups of a running server: one at a time, and none outlives it. */
export class Backups implements Part {
  readonly name = 'backups';
  readonly #options: BackupsOptions;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #open: Promise<void> | undefined;

  constructor(options: BackupsOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger.child({ component: 'backup' });
  }

  /** Whose backups these are. */
  get folder(): string {
    return resolve(this.#options.dataFolder);
  }

  async start(): Promise<void> {
    const { engine, dataFolder } = this.#options;
    await clearSnapshots(engine, dataFolder).catch((error: unknown) => {
      const { code, message } = toFourninesError(error);
      this.#logger.warn({ code, reason: message }, 'what a killed backup left cannot be removed');
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new FourninesError('FN_BACKUP_BUSY', 'the server is stopping'));
    await this.#open;
  }

  /** A snapshot that lasts until `gone`, or until the server stops: then reading from it fails. */
  async open(gone: AbortSignal): Promise<Snapshot> {
    if (!this.#options.isReady()) throw new FourninesError('FN_BACKUP_BUSY', 'the control store is being opened');
    if (this.#open !== undefined) throw new FourninesError('FN_BACKUP_BUSY', 'another backup is under way');
    const ended = Promise.withResolvers<void>();
    this.#open = ended.promise;
    const signal = AbortSignal.any([gone, this.#stopping.signal]);
    const settle = () => {
      // Disposed twice, it must not free the one after it.
      if (this.#open === ended.promise) this.#open = undefined;
      ended.resolve();
    };
    let snapshot: Snapshot;
    try {
      snapshot = await takeSnapshot(this.#options, signal);
    } catch (error) {
      settle();
      throw error;
    }
    const { head, files } = snapshot;
    this.#logger.info({ bytes: head.bytes, heldMs: head.heldMs }, 'a backup is read');
    const dispose = async () => {
      try {
        await snapshot[Symbol.asyncDispose]();
      } finally {
        settle();
      }
    };
    const end = () => void dispose().catch(() => undefined);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    return { head, files: until(files, signal), [Symbol.asyncDispose]: dispose };
  }
}

async function* until<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  for await (const item of items) {
    signal.throwIfAborted();
    yield item;
  }
}
