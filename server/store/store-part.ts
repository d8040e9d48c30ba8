import { join } from 'node:path';
import { FourninesError } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { StoreConfig } from '../config.ts';
import { readSecret } from '../read-secret.ts';
import { whenReleased } from '../when-released.ts';
import { EmbeddedEngine } from './embedded/engine.ts';
import type { StartableEngine } from './engine.ts';
import { isMigrated, migrate } from './migrate.ts';
import { NetworkedEngine } from './networked/engine.ts';

export interface StorePartOptions {
  readonly config: StoreConfig;
  readonly dataFolder: string;
  readonly logger: Logger;
  /** Runs the work when no other server can do the same; absent: no other one has this store. */
  readonly inTurn?: ((work: () => Promise<void>) => Promise<void>) | undefined;
}

/** The store as a part of the process: opened, and its schema brought up to date. */
export class StorePart implements Part {
  readonly name = 'store';
  readonly engine: StartableEngine;
  readonly #options: StorePartOptions;
  readonly #stopping = new AbortController();

  constructor(options: StorePartOptions) {
    this.#options = options;
    this.engine = engineOf(options);
  }

  async start(): Promise<void> {
    const { inTurn, logger } = this.#options;
    await this.#open();
    const bringUpToDate = async () => {
      const passed = await migrate(this.engine);
      if (passed.length > 0) logger.info({ versions: passed.join(',') }, 'schema migrated');
    };
    // Half of a migration would see the other half of the same one, run by another server.
    if (inTurn === undefined || (await isMigrated(this.engine))) await bringUpToDate();
    else await inTurn(bringUpToDate);
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    return this.engine.close();
  }

  async #open(): Promise<void> {
    const { config, logger } = this.#options;
    const { signal } = this.#stopping;
    // One on a network may come up.
    const passes = config.kind === 'embedded' ? undefined : ({ retryable }: { retryable: boolean }) => retryable;
    await whenReleased(() => this.engine.start(), { logger, signal, ...(passes === undefined ? {} : { passes }) });
  }
}

function engineOf({ config, dataFolder, logger }: StorePartOptions): StartableEngine {
  if (config.kind === 'embedded') return new EmbeddedEngine({ path: join(dataFolder, 'clickhouse'), logger });
  const { url, database, user, passwordFile, caFile, compression } = config;
  if (caFile !== '' && !url.startsWith('https:')) {
    throw new FourninesError('FN_CONFIG', 'server.store.caFile: it is for https, and server.store.url is not');
  }
  if (url.startsWith('http:') && passwordFile !== '' && !isLoopback(url)) {
    logger.warn({ url }, 'the password of the store can be read on its way: use https');
  }
  return new NetworkedEngine({
    ...{ url, database, user, compression, logger },
    password: passwordFile === '' ? '' : readSecret(passwordFile),
    ca: caFile === '' ? undefined : readSecret(caFile),
  });
}

function isLoopback(url: string): boolean {
  return /^(localhost|127\.[0-9.]+|\[::1\])$/.test(new URL(url).hostname);
}
