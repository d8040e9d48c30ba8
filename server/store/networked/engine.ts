import { randomUUID } from 'node:crypto';
import { sleepMs } from '../../../core/runtime/clock.ts';
import { FourninesError, toFourninesError } from '../../../core/runtime/error.ts';
import type { Logger } from '../../../core/runtime/logger.ts';
import {
  type CallOptions,
  commandDeadlineMs,
  type EngineState,
  type EngineStats,
  type InsertFile,
  type Lane,
  type QueryParameters,
  rowsOf,
  type StartableEngine,
} from '../engine.ts';
import { exactlyOnceSettings, insertBytesSql } from '../insert-sql.ts';
import { type Call, LaneQueue } from '../lane.ts';
import { isCarried, translateCarriedError } from '../store-error.ts';
import { CarriedError, HttpStore, type HttpStoreOptions } from './http-store.ts';

export interface NetworkedEngineOptions extends Omit<HttpStoreOptions, 'connectionsMax'> {
  readonly logger: Logger;
  /** Statements that may wait in each lane. */
  readonly queuedMax?: number;
  /** After its deadline a statement has this long to be cancelled before its place is given to the next. */
  readonly cancelGraceMs?: number;
  /** Without an answer for so long to the simplest question, the server is away. */
  readonly probeDeadlineMs?: number;
}

interface Statement {
  readonly sql: string;
  readonly parameters: QueryParameters;
  /** Of the bytes that follow an insert. */
  readonly path?: string;
}

interface Running {
  readonly queryId: string;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** The server runs statements side by side; beyond these they wait here, where they can be counted and bounded. */
const widths: Readonly<Record<Lane, number>> = { insert: 4, query: 4 };
const probeDelayMsMin = 100;
const probeDelayMsMax = 10_000;

/**
 * ClickHouse over HTTP. A call whose answer does not come rejects with FN_STORE_AWAY, which is retryable; an insert repeated
 * with its token is not doubled. Whether the server is there is then asked in the background: while it is not, every call
 * rejects at once.
 */
export class NetworkedEngine implements StartableEngine {
  readonly #options: Required<NetworkedEngineOptions>;
  readonly #store: HttpStore;
  readonly #lanes: Readonly<Record<Lane, LaneQueue<Statement>>>;
  readonly #running = new Map<number, Running>();
  readonly #closed = new AbortController();
  #state: EngineState = 'starting';
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #probing: Promise<void> | undefined;
  #restarts = 0;
  #lastErrorCode = '';

  constructor(options: NetworkedEngineOptions) {
    this.#options = { queuedMax: 256, cancelGraceMs: 5_000, probeDeadlineMs: 5_000, ...options };
    // One more than the lanes need: for probes and cancellations.
    this.#store = new HttpStore({ ...options, connectionsMax: widths.insert + widths.query + 1 });
    const lane = (name: Lane) =>
      new LaneQueue<Statement>({
        queuedMax: this.#options.queuedMax,
        width: widths[name],
        nowMs: () => performance.now(),
        send: (call) => this.#send(name, call),
      });
    this.#lanes = { insert: lane('insert'), query: lane('query') };
  }

  start(): Promise<void> {
    this.#starting ??= this.#open().catch((error: unknown) => {
      // Asked again, it is tried again.
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async query(sql: string, parameters: QueryParameters, options: CallOptions): Promise<readonly unknown[]> {
    return rowsOf(await this.#call('query', { sql: `${sql}\nFORMAT JSONEachRow`, parameters }, options));
  }

  async command(sql: string, options: CallOptions = { deadlineMs: commandDeadlineMs }): Promise<void> {
    await this.#call('query', { sql, parameters: {} }, options);
  }

  async insertFile(insert: InsertFile, options: CallOptions): Promise<void> {
    await this.#call('insert', { sql: insertBytesSql(insert), parameters: {}, path: insert.path }, options);
  }

  stats(): EngineStats {
    return {
      state: this.#state,
      lanes: { insert: this.#lanes.insert.stats(), query: this.#lanes.query.stats() },
      restarts: this.#restarts,
      lastErrorCode: this.#lastErrorCode,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(): Promise<void> {
    const { url, database, logger } = this.#options;
    const [row] = await this.#ask('SELECT version() AS version');
    const names = exactlyOnceSettings.map((name) => `'${name}'`).join(', ');
    const known = await this.#ask(`SELECT name FROM system.settings WHERE name IN (${names})`);
    const missing = exactlyOnceSettings.filter((name) => !known.some((each) => each['name'] === name));
    if (missing.length > 0) {
      const context = { version: String(row?.['version']), missing: missing.join(',') };
      throw new FourninesError('FN_STORE', `this ClickHouse is too old: it has no setting ${missing[0]}`, { context });
    }
    if (this.#state === 'closed') return;
    this.#state = 'ready';
    logger.info({ url, database, version: String(row?.['version']) }, 'the store is open');
    for (const lane of Object.values(this.#lanes)) lane.open();
  }

  /** A question of our own, beside the lanes. */
  async #ask(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const signal = AbortSignal.any([AbortSignal.timeout(this.#options.probeDeadlineMs), this.#closed.signal]);
    try {
      const text = await this.#store.ask(`${sql} FORMAT JSONEachRow`, {}, { queryId: randomUUID(), signal });
      return rowsOf(text) as readonly Readonly<Record<string, unknown>>[];
    } catch (error) {
      throw this.#failed(translated(error, 'query'));
    }
  }

  async #call(name: Lane, statement: Statement, options: CallOptions): Promise<string> {
    options.signal?.throwIfAborted();
    if (this.#state !== 'ready') throw this.#failed(this.#away());
    try {
      return await this.#lanes[name].call(statement, options, ({ id }) => this.#running.get(id)?.stop.abort());
    } catch (error) {
      if (options.signal?.aborted) throw error;
      const failed = this.#failed(toFourninesError(error));
      // A server that hangs answers nothing, not even that it is gone.
      if (failed.code === 'FN_STORE_TIMEOUT') this.#doubt();
      throw failed;
    }
  }

  #send(name: Lane, call: Call<Statement>): void {
    const queryId = randomUUID();
    const stop = new AbortController();
    const ended = this.#run(name, call, { queryId, signal: stop.signal }).finally(() => this.#running.delete(call.id));
    this.#running.set(call.id, { queryId, stop, ended });
  }

  /** Never rejects: the end of a statement is told to its lane. */
  async #run(name: Lane, { id, statement }: Call<Statement>, ask: { queryId: string; signal: AbortSignal }) {
    const { sql, parameters, path } = statement;
    const lane = this.#lanes[name];
    try {
      const text = path === undefined ? await this.#store.ask(sql, parameters, ask) : '';
      if (path !== undefined) await this.#store.send(sql, path, ask);
      lane.finish(id, (call) => call.resolve(text));
    } catch (error) {
      if (ask.signal.aborted) {
        // An insert may end as it likes: whoever repeats it does so under its token.
        if (name === 'query') await this.#kill(ask.queryId);
      } else if (error instanceof CarriedError && !isCarried(error.raw)) this.#doubt();
      lane.finish(id, (call) => call.reject(translated(error, name)));
    }
  }

  async #kill(queryId: string): Promise<void> {
    if (this.#closed.signal.aborted) return;
    const signal = AbortSignal.any([AbortSignal.timeout(this.#options.cancelGraceMs), this.#closed.signal]);
    // Failing to cancel is no news: the statement has a time bound of its own on the server.
    await this.#store
      .ask(`KILL QUERY WHERE query_id = '${queryId}' ASYNC`, {}, { queryId: randomUUID(), signal })
      .catch(() => undefined);
  }

  /** One broken line is no outage: the server is asked before it is called away. */
  #doubt(): void {
    if (this.#probing !== undefined || this.#closed.signal.aborted) return;
    this.#probing = this.#probe().finally(() => {
      this.#probing = undefined;
    });
  }

  async #probe(): Promise<void> {
    for (
      let delayMs = probeDelayMsMin;
      !this.#closed.signal.aborted;
      delayMs = Math.min(2 * delayMs, probeDelayMsMax)
    ) {
      const away = await this.#ask('SELECT 1').then(
        () => undefined,
        (error: unknown) => toFourninesError(error),
      );
      if (this.#closed.signal.aborted) return;
      // An error of ClickHouse's own is an answer too.
      if (away?.code !== 'FN_STORE_AWAY' || away.context['storeCode'] !== '') {
        if (this.#state === 'restarting') this.#options.logger.info({ restarts: this.#restarts }, 'the store is back');
        this.#state = 'ready';
        return;
      }
      if (this.#state === 'ready') {
        this.#state = 'restarting';
        this.#restarts++;
        this.#options.logger.error({ code: away.code, reason: away.message }, 'the store is away; it is tried again');
      }
      await sleepMs(delayMs, this.#closed.signal).catch(() => undefined);
    }
  }

  #away(): FourninesError {
    const why = { starting: 'is not open yet', restarting: 'is away', closed: 'is closed', ready: 'is away' };
    return new FourninesError('FN_STORE_AWAY', `the store ${why[this.#state]}`);
  }

  #failed(error: FourninesError): FourninesError {
    this.#lastErrorCode = error.code;
    return error;
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    this.#closed.abort(this.#away());
    for (const lane of Object.values(this.#lanes)) lane.shut(this.#away());
    const running = [...this.#running.values()];
    for (const { stop } of running) stop.abort();
    await Promise.all([...running.map(({ ended }) => ended), this.#probing, this.#starting?.catch(() => undefined)]);
    await this.#store.close();
  }
}

function translated(error: unknown, lane: Lane): FourninesError {
  return error instanceof CarriedError ? translateCarriedError(error.raw, lane) : toFourninesError(error);
}
