import { assert, FourninesError, toFourninesError } from '../../../core/runtime/error.ts';
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
import { insertFileSql } from '../insert-sql.ts';
import { type Call, LaneQueue } from '../lane.ts';
import { translateStoreError } from '../store-error.ts';
import { EngineProcess } from './engine-process.ts';
import type { Reply } from './protocol.ts';

export interface EmbeddedEngineOptions {
  /** Folder of the store; made when it is not there. One process at a time may have it. */
  readonly path: string;
  readonly logger: Logger;
  /** Statements that may wait in each lane. */
  readonly queuedMax?: number;
  /** After its deadline a statement has this long to obey its cancellation before the process is killed. */
  readonly cancelGraceMs?: number;
  readonly openDeadlineMs?: number;
}

/** A statement for one of the child's connections; with parameters it is a query, answered with rows. */
interface Statement {
  readonly sql: string;
  readonly parameters: QueryParameters | undefined;
}

const closeDeadlineMs = 5_000;
const restartDelayMsMin = 100;
const restartDelayMsMax = 10_000;
/** A life this long sets the restart delay back. */
const stableAfterMs = 30_000;

/**
 * ClickHouse embedded (chDB) in a process of its own, restarted when it dies or does not let go of a statement. While it
 * is away every call rejects with FN_STORE_AWAY, which is retryable; an insert repeated with its token is not doubled.
 */
export class EmbeddedEngine implements StartableEngine {
  readonly #options: Required<EmbeddedEngineOptions>;
  readonly #lanes: Readonly<Record<Lane, LaneQueue<Statement>>>;
  #process: EngineProcess | undefined;
  #state: EngineState = 'starting';
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #restartDelayMs = restartDelayMsMin;
  #readyAtMs = 0;
  #restarts = 0;
  #lastErrorCode = '';

  constructor(options: EmbeddedEngineOptions) {
    this.#options = { queuedMax: 256, cancelGraceMs: 5_000, openDeadlineMs: 60_000, ...options };
    const lane = (name: Lane) =>
      new LaneQueue<Statement>({
        queuedMax: this.#options.queuedMax,
        nowMs: () => performance.now(),
        send: ({ id, statement }) => this.#live().send({ type: 'run', id, lane: name, ...statement }),
      });
    this.#lanes = { insert: lane('insert'), query: lane('query') };
  }

  /** Resolves when statements can run; rejects with FN_FOLDER_LOCKED or FN_STORE_AWAY. */
  start(): Promise<void> {
    this.#starting ??= this.#open().catch((error: unknown) => {
      // Asked again, it is tried again: a folder that was in use may be free by then.
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  get folder(): string {
    return this.#options.path;
  }

  /** Process id of the engine, undefined while there is none. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async query(sql: string, parameters: QueryParameters, options: CallOptions): Promise<readonly unknown[]> {
    return rowsOf(await this.#call('query', { sql, parameters }, options));
  }

  async command(sql: string, options: CallOptions = { deadlineMs: commandDeadlineMs }): Promise<void> {
    await this.#call('query', { sql, parameters: undefined }, options);
  }

  async insertFile(insert: InsertFile, options: CallOptions): Promise<void> {
    await this.#call('insert', { sql: insertFileSql(insert), parameters: undefined }, options);
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
    const { path, openDeadlineMs, logger } = this.#options;
    const process = new EngineProcess({
      path,
      openDeadlineMs,
      logger,
      onReply: (reply) => this.#onReply(reply),
      onExit: () => this.#onExit(),
    });
    this.#process = process;
    let version: string;
    try {
      version = await process.opened();
    } catch (error) {
      this.#process = undefined;
      throw error;
    }
    process.watch();
    if (this.#state === 'closed') return;
    this.#state = 'ready';
    this.#readyAtMs = performance.now();
    logger.info({ path, version, pid: process.pid }, 'the store is open');
    for (const lane of Object.values(this.#lanes)) lane.open();
  }

  #live(): EngineProcess {
    if (this.#process === undefined) throw this.#away();
    return this.#process;
  }

  #away(): FourninesError {
    const why = { starting: 'is not open yet', restarting: 'is restarting', closed: 'is closed', ready: 'has ended' };
    return new FourninesError('FN_STORE_AWAY', `the store ${why[this.#state]}`);
  }

  async #call(name: Lane, statement: Statement, options: CallOptions): Promise<string> {
    options.signal?.throwIfAborted();
    if (this.#state !== 'ready') throw this.#failed(this.#away());
    const lane = this.#lanes[name];
    try {
      return await lane.call(statement, options, (call) => this.#cancel(lane, call));
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw this.#failed(toFourninesError(error));
    }
  }

  #failed(error: FourninesError): FourninesError {
    this.#lastErrorCode = error.code;
    return error;
  }

  /** The lane stays taken until the engine says that the statement ended; if it does not, the process is killed. */
  #cancel(lane: LaneQueue<Statement>, call: Call<Statement>): void {
    const process = this.#process;
    if (process === undefined) return;
    try {
      process.send({ type: 'cancel', id: call.id });
    } catch {
      // It has just ended: its end rejects the call.
      return;
    }
    const timer = setTimeout(() => {
      if (!lane.isRunning(call) || this.#process !== process) return;
      this.#options.logger.warn({ id: call.id }, 'a statement did not obey its cancellation; the engine is killed');
      process.kill();
    }, this.#options.cancelGraceMs);
    timer.unref();
  }

  #onReply(reply: Reply): void {
    if (reply.type !== 'done' && reply.type !== 'failed') return;
    for (const name of ['insert', 'query'] as const) {
      this.#lanes[name].finish(reply.id, (call) => {
        if (reply.type === 'done') call.resolve(reply.text);
        else call.reject(translateStoreError(reply.error, name));
      });
    }
  }

  #onExit(): void {
    this.#process = undefined;
    if (this.#state === 'closed') return;
    this.#state = 'restarting';
    this.#restarts++;
    for (const lane of Object.values(this.#lanes)) {
      lane.shut(new FourninesError('FN_STORE_AWAY', "the store's engine ended before it answered"));
    }
    if (performance.now() - this.#readyAtMs > stableAfterMs) this.#restartDelayMs = restartDelayMsMin;
    this.#options.logger.error({ restarts: this.#restarts, delayMs: this.#restartDelayMs }, 'the store engine ended');
    this.#scheduleRestart();
  }

  #scheduleRestart(): void {
    this.#restartTimer = setTimeout(() => {
      this.#starting = this.#open().catch((error: unknown) => {
        const { code, message } = this.#failed(toFourninesError(error));
        this.#options.logger.error({ code, reason: message, delayMs: this.#restartDelayMs }, 'the store did not open');
        if (this.#state !== 'closed') this.#scheduleRestart();
      });
    }, this.#restartDelayMs);
    this.#restartDelayMs = Math.min(this.#restartDelayMs * 2, restartDelayMsMax);
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    clearTimeout(this.#restartTimer);
    for (const lane of Object.values(this.#lanes)) lane.shut(this.#away());
    const process = this.#process;
    if (process === undefined) return;
    assert(process.pid !== undefined, 'a process that was made has an id');
    try {
      process.send({ type: 'close' });
    } catch {
      // It is ending already.
    }
    const timer = setTimeout(() => process.kill(), closeDeadlineMs);
    await process.exited;
    clearTimeout(timer);
  }
}
