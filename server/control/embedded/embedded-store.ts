import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
import { translateSqlError } from '../sql-error.ts';
import type { Reply } from './protocol.ts';
import { StoreProcess } from './store-process.ts';
import { Turns } from './turns.ts';

export interface EmbeddedStoreOptions {
  /** Folder of the store; made when it is not there. One process at a time may have it. */
  readonly folder: string;
  readonly logger: Logger;
  /** Callers that may wait for the one session. */
  readonly waitingMax?: number;
  readonly openDeadlineMs?: number;
}

const closeDeadlineMs = 5_000;
/** PGlite has no background workers: nobody else would bound the log or clear dead rows. */
const upkeepEveryMs = 300_000;
const upkeepDeadlineMs = 60_000;

interface Pending {
  resolve(rows: readonly ControlRow[]): void;
  reject(error: unknown): void;
}

/**
 * PostgreSQL embedded (PGlite) in a process of its own. It has one session, so callers take turns. A statement that
 * passes its deadline cannot be cancelled inside: its process is killed and the next call starts a new one.
 */
export class EmbeddedStore implements ControlStore {
  readonly #options: Required<EmbeddedStoreOptions>;
  readonly #turns: Turns;
  readonly #pending = new Map<number, Pending>();
  #process: StoreProcess | undefined;
  #maker: StoreProcess | undefined;
  #opening: Promise<void> | undefined;
  #upkeep: NodeJS.Timeout | undefined;
  #closed = false;
  #nextId = 1;
  #lives = 0;
  #conflicts = 0;
  #lastErrorCode = '';

  constructor(options: EmbeddedStoreOptions) {
    this.#options = { waitingMax: 256, openDeadlineMs: 60_000, ...options };
    this.#turns = new Turns(this.#options.waitingMax);
  }

  /** Process id of the store, undefined while there is none. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Process id of the one that makes the database, while it does. */
  get makerPid(): number | undefined {
    return this.#maker?.pid;
  }

  /** True when opening must first make the database, which takes seconds. */
  get isNew(): boolean {
    return !existsSync(join(this.#options.folder, 'pg'));
  }

  open(): Promise<void> {
    if (this.#closed) return Promise.reject(away('is closed'));
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  query(sql: string, values: readonly ControlValue[] = [], call: ControlCall = {}): Promise<readonly ControlRow[]> {
    return this.#turn(call, (session) => session.query(sql, values));
  }

  transaction<T>(work: (session: ControlSession) => Promise<T>, call: ControlCall = {}): Promise<T> {
    return this.#turn(call, (session, signal) =>
      serializable({ session, spoil: () => this.#process?.kill() }, work, signal, () => {
        this.#conflicts++;
      }),
    );
  }

  stats(): ControlStats {
    const live = this.#process === undefined ? 'away' : 'ready';
    const state = this.#closed ? 'closed' : this.#lives === 0 ? 'starting' : live;
    return {
      state,
      conflicts: this.#conflicts,
      restarts: Math.max(0, this.#lives - 1),
      lastErrorCode: this.#lastErrorCode,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#upkeep);
    await this.#opening?.catch(() => undefined);
    const process = this.#process;
    if (process === undefined) return;
    try {
      process.send({ type: 'close' });
    } catch {
      // It is ending already.
    }
    const timer = setTimeout(() => process.kill(), closeDeadlineMs);
    await process.exited;
    clearTimeout(timer);
  }

  async #open(): Promise<void> {
    const { folder, logger } = this.#options;
    if (this.isNew) {
      this.#maker = this.#spawn('create');
      await this.#maker.opened().finally(() => {
        this.#maker = undefined;
      });
    }
    const process = this.#spawn('serve');
    const version = await process.opened();
    this.#process = process;
    this.#lives++;
    void process.exited.then(() => this.#onExit(process));
    logger.info({ folder, version: version.split(' on ')[0], pid: process.pid }, 'the control store is open');
    clearInterval(this.#upkeep);
    this.#upkeep = setInterval(() => void this.#maintain(), upkeepEveryMs);
    this.#upkeep.unref();
  }

  #spawn(task: 'create' | 'serve'): StoreProcess {
    const { folder, openDeadlineMs, logger } = this.#options;
    return new StoreProcess({ folder, task, openDeadlineMs, logger, onReply: (reply) => this.#onReply(reply) });
  }

  async #maintain(): Promise<void> {
    try {
      const call = { deadlineMs: upkeepDeadlineMs };
      await this.query('VACUUM', [], call);
      await this.query('CHECKPOINT', [], call);
    } catch (error) {
      const { code, message } = toFourninesError(error);
      this.#options.logger.warn({ code, reason: message }, 'upkeep of the control store failed');
    }
  }

  /** Waits for the session, then runs `work` on it; past the deadline the process goes, and with it the session's state. */
  async #turn<T>(
    { deadlineMs = controlDeadlineMs, signal: outer }: ControlCall,
    work: (session: ControlSession, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    outer?.throwIfAborted();
    const late = AbortSignal.timeout(deadlineMs);
    const signal = outer === undefined ? late : AbortSignal.any([outer, late]);
    let running = false;
    const onAbort = () => {
      if (running) this.#process?.kill();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      using _turn = await this.#turns.take(signal);
      await this.open();
      signal.throwIfAborted();
      running = true;
      return await work(this.#session, signal);
    } catch (error) {
      if (outer?.aborted) throw outer.reason;
      const told = late.aborted
        ? new FourninesError('FN_CONTROL_TIMEOUT', `no answer from the control store in ${deadlineMs} ms`)
        : toFourninesError(error);
      this.#lastErrorCode = told.code;
      throw told;
    } finally {
      running = false;
      signal.removeEventListener('abort', onAbort);
    }
  }

  readonly #session: ControlSession = {
    query: (sql, values = []) => this.#run(sql, values),
    script: async (sql) => void (await this.#run(sql, undefined)),
  };

  async #run(sql: string, values: readonly ControlValue[] | undefined): Promise<readonly ControlRow[]> {
    const process = this.#process;
    if (process === undefined) throw away('has ended');
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<readonly ControlRow[]>();
    this.#pending.set(id, { resolve, reject });
    try {
      process.send({ type: 'run', id, sql, values });
      return await promise;
    } finally {
      this.#pending.delete(id);
    }
  }

  #onReply(reply: Reply): void {
    if (reply.type === 'done') this.#pending.get(reply.id)?.resolve(reply.rows);
    if (reply.type === 'failed') this.#pending.get(reply.id)?.reject(translateSqlError(reply.error));
  }

  #onExit(process: StoreProcess): void {
    if (this.#process !== process) return;
    this.#process = undefined;
    this.#opening = undefined;
    for (const { reject } of this.#pending.values()) reject(away('ended before it answered'));
    if (!this.#closed) this.#options.logger.error({}, 'the control store ended; the next call starts it again');
  }
}

function away(why: string): FourninesError {
  return new FourninesError('FN_CONTROL_AWAY', `the control store ${why}`);
}
