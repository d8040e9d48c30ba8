import { Pool, type PoolClient, type PoolConfig, types } from 'pg';
import { FourninesError, toFourninesError } from '../../../core/runtime/error.ts';
import type { Logger } from '../../../core/runtime/logger.ts';
import {
  type ControlCall,
  type ControlRow,
  type ControlSession,
  type ControlStats,
  type ControlStore,
  type ControlValue,
  controlDeadlineMs,
} from '../control-store.ts';
import { serializable } from '../serializable.ts';
import { rawSqlErrorOf, translateSqlError } from '../sql-error.ts';

export interface PostgresTls {
  /** PEM of the authority that signed the server's certificate; none: those the system trusts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface PostgresStoreOptions {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  /** Undefined: no encryption. Given: the certificate is always checked. */
  readonly tls?: PostgresTls;
  readonly logger: Logger;
  readonly connectionsMax?: number;
  readonly connectDeadlineMs?: number;
}

const int8 = 20;

/** PostgreSQL over a network, by a bounded pool; a lost connection is made anew by the next call. */
export class PostgresStore implements ControlStore {
  readonly #pool: Pool;
  readonly #logger: Logger;
  #state: ControlStats['state'] = 'starting';
  #conflicts = 0;
  #lastErrorCode = '';

  constructor(options: PostgresStoreOptions) {
    this.#logger = options.logger;
    this.#pool = new Pool(poolConfigOf(options));
    // An idle connection that the server ended; without a listener it would end the process.
    this.#pool.on('error', (error) => this.#logger.warn({ reason: error.message }, 'an idle control connection ended'));
  }

  async open(): Promise<void> {
    await this.query('SELECT 1');
  }

  query(sql: string, values: readonly ControlValue[] = [], call: ControlCall = {}): Promise<readonly ControlRow[]> {
    return this.#withClient(call, (session) => session.query(sql, values));
  }

  transaction<T>(work: (session: ControlSession) => Promise<T>, call: ControlCall = {}): Promise<T> {
    return this.#withClient(call, (session, signal, spoil) =>
      serializable({ session, spoil }, work, signal, () => {
        this.#conflicts++;
      }),
    );
  }

  stats(): ControlStats {
    return { state: this.#state, conflicts: this.#conflicts, restarts: 0, lastErrorCode: this.#lastErrorCode };
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    await this.#pool.end();
  }

  async #withClient<T>(
    { deadlineMs = controlDeadlineMs, signal: outer }: ControlCall,
    work: (session: ControlSession, signal: AbortSignal, spoil: () => void) => Promise<T>,
  ): Promise<T> {
    outer?.throwIfAborted();
    if (this.#state === 'closed') throw new FourninesError('FN_CONTROL_AWAY', 'the control store is closed');
    const late = AbortSignal.timeout(deadlineMs);
    const signal = outer === undefined ? late : AbortSignal.any([outer, late]);
    let client: PoolClient | undefined;
    let spoilt = false;
    const spoil = () => {
      spoilt = true;
    };
    try {
      client = await this.#connect();
      // A line that breaks between two statements; without a listener it would end the process.
      client.on('error', spoil);
      const result = await abortable(work(sessionOf(client, spoil), signal, spoil), signal);
      this.#state = 'ready';
      return result;
    } catch (error) {
      // Whatever still runs on this connection must not meet the next caller.
      if (signal.aborted) spoilt = true;
      if (outer?.aborted) throw outer.reason;
      const told = late.aborted
        ? new FourninesError('FN_CONTROL_TIMEOUT', `no answer from the control store in ${deadlineMs} ms`)
        : toFourninesError(error);
      if (told.code === 'FN_CONTROL_AWAY') this.#state = 'away';
      this.#lastErrorCode = told.code;
      throw told;
    } finally {
      client?.off('error', spoil);
      if (spoilt) client?.on('error', () => undefined);
      client?.release(spoilt);
    }
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw translateSqlError(rawSqlErrorOf(error));
    }
  }
}

function poolConfigOf(options: PostgresStoreOptions): PoolConfig {
  const { host, port, database, user, password, tls, connectionsMax = 4, connectDeadlineMs = 5_000 } = options;
  const { ca, cert, key } = tls ?? {};
  return {
    host,
    port,
    database,
    user,
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined
      ? {}
      : {
          ssl: {
            rejectUnauthorized: true,
            ...(ca === undefined ? {} : { ca }),
            ...(cert === undefined ? {} : { cert }),
            ...(key === undefined ? {} : { key }),
          },
        }),
    max: connectionsMax,
    connectionTimeoutMillis: connectDeadlineMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: 'fournines',
    // The server's own bounds: a statement or a forgotten transaction ends there too, whatever became of us.
    statement_timeout: controlDeadlineMs,
    idle_in_transaction_session_timeout: controlDeadlineMs,
    types: {
      getTypeParser: ((oid: number, format?: 'text') =>
        oid === int8 ? (text: string) => BigInt(text) : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
    },
  };
}

function sessionOf(client: PoolClient, spoil: () => void): ControlSession {
  const run = async (sql: string, values?: readonly ControlValue[]) => {
    try {
      return await (values === undefined ? client.query(sql) : client.query(sql, [...values]));
    } catch (error) {
      const told = translateSqlError(rawSqlErrorOf(error));
      if (told.code === 'FN_CONTROL_AWAY') spoil();
      throw told;
    }
  };
  return {
    query: async (sql, values = []) => (await run(sql, values)).rows as ControlRow[],
    script: async (sql) => void (await run(sql)),
  };
}

/** Rejects as soon as `signal` does; what `work` does later is nobody's news. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  if (signal.aborted) reject(signal.reason);
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  work.then(resolve, reject);
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}
