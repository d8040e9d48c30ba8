import { join } from 'node:path';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { ControlConfig } from '../config.ts';
import { readSecret } from '../read-secret.ts';
import type { ControlStats, ControlStore } from './control-store.ts';
import { EmbeddedStore } from './embedded/embedded-store.ts';
import { migrateControl } from './migrate.ts';
import { PostgresStore } from './postgres/postgres-store.ts';

/** Start waits so long for a store that is there; one that must be made, or is away, comes up beside everything else. */
const startWaitMs = 2_000;
const retryMsMax = 5_000;

/**
 * The control store as a part of the process: opened, brought up to date, and tried again for as long as it is away.
 * Meanwhile rows wait in the bus, and nothing else is held up: making an embedded one takes seconds, once.
 */
export class ControlPart implements Part {
  readonly name = 'control store';
  readonly store: ControlStore;
  /** True when no other process can have this store. */
  readonly alone: boolean;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #opened = Promise.withResolvers<void>();
  #opening: Promise<void> | undefined;
  #error = '';
  #isOpen = false;

  constructor(config: ControlConfig, dataFolder: string, logger: Logger) {
    this.#logger = logger;
    this.alone = config.kind === 'embedded';
    this.store = openControlStore(config, dataFolder, logger);
    this.#opened.promise.catch(() => undefined);
  }

  /** Resolves when it is open and up to date; rejects when it never will be, or with the signal's reason. */
  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    await Promise.race([this.#opened.promise, aborted.promise]).finally(() =>
      signal.removeEventListener('abort', onAbort),
    );
  }

  /** Rejects with what will not pass by itself: a wrong password, a schema that is too new. */
  async start(): Promise<void> {
    this.#opening = this.#open();
    this.#opening.catch(() => undefined);
    if (this.store instanceof EmbeddedStore && this.store.isNew) return;
    const waited = new AbortController();
    await Promise.race([this.#opening, sleepMs(startWaitMs, waited.signal)]).finally(() => waited.abort());
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new FourninesError('FN_CONTROL_AWAY', 'the control store is closing'));
    await this.store.close();
    await this.#opening?.catch(() => undefined);
  }

  /** `error`: the code of what keeps it from ever opening, or empty. `isOpen`: opened once, its schema up to date. */
  stats(): ControlStats & { readonly error: string; readonly isOpen: boolean } {
    return { ...this.store.stats(), error: this.#error, isOpen: this.#isOpen };
  }

  async #open(): Promise<void> {
    for (let delayMs = 100; ; delayMs = Math.min(delayMs * 2, retryMsMax)) {
      try {
        await this.store.open();
        const passed = await migrateControl(this.store);
        if (passed.length > 0) this.#logger.info({ versions: passed.join(',') }, 'control store migrated');
        this.#isOpen = true;
        this.#opened.resolve();
        return;
      } catch (error) {
        const told = toFourninesError(error);
        if (this.#stopping.signal.aborted) throw told;
        this.#logger.warn({ code: told.code, reason: told.message }, 'the control store does not open');
        if (!told.retryable) {
          this.#error = told.code;
          this.#opened.reject(told);
          throw told;
        }
      }
      await sleepMs(delayMs, this.#stopping.signal);
    }
  }
}

/** The store that the configuration names; nothing is asked of it yet. */
export function openControlStore(config: ControlConfig, dataFolder: string, logger: Logger): ControlStore {
  return config.kind === 'embedded'
    ? new EmbeddedStore({ folder: join(dataFolder, 'control'), logger })
    : new PostgresStore({ ...addressOf(config), ...secretsOf(config), logger });
}

function addressOf({ host, port, database, user }: ControlConfig) {
  return { host, port, database, user };
}

function secretsOf({ passwordFile, caFile, tls }: ControlConfig) {
  return {
    ...(passwordFile === '' ? {} : { password: readSecret(passwordFile) }),
    ...(tls ? { tls: caFile === '' ? {} : { ca: readSecret(caFile) } } : {}),
  };
}
