import { constants } from 'node:os';
import { dirname } from 'node:path';
import { FourninesError, toFourninesError } from '../../../core/runtime/error.ts';
import type { NativeFacade, TelemetryConnection, TelemetryRound } from '../../../native/facade.ts';
import type { TelemetrySocket } from './discovery.ts';

/** Waits between attempts at a socket that takes no connection, s: DPDK has ten places, and others want them too. */
const waitSecondsMax = 60;
/** How long a program may take to say who it is, ms. */
const openDeadlineMs = 200;
/** How long closing waits for an outstanding reply, ms: a program that writes to a closed socket may be killed by it. */
const drainMs = 2000;

export interface Refusal {
  readonly code: string;
  /** 0: the end instead of a handshake, which means that ten clients are connected. */
  readonly errno: number;
}

/** A file whose program is gone, or not even that. */
const staleErrnos: readonly number[] = [constants.errno.ECONNREFUSED, constants.errno.ENOENT];

export type Answer = TelemetryRound | 'gone' | 'busy';

/** One socket: the connection, its attempts, and the one round that may be under way. */
export class Peer {
  readonly socket: TelemetrySocket;
  readonly #native: NativeFacade;
  #connection: TelemetryConnection | undefined;
  #opening: Promise<void> | undefined;
  #running: Promise<Answer> | undefined;
  #refusal: Refusal | undefined;
  #nextTry = Number.NEGATIVE_INFINITY;
  #waitSeconds = 0;
  #isClosed = false;
  #endCode = '';

  constructor(native: NativeFacade, socket: TelemetrySocket) {
    this.#native = native;
    this.socket = socket;
  }

  get connection(): TelemetryConnection | undefined {
    return this.#connection;
  }

  /** The attempt under way, if there is one. */
  get opening(): Promise<void> | undefined {
    return this.#opening;
  }

  /** The folder whose changes concern it. */
  get folder(): string {
    return dirname(this.socket.path);
  }

  /** Why the last attempt failed; undefined: it did not, or there was none. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** Error code with which the last connection ended. */
  get endCode(): string {
    return this.#endCode;
  }

  /** No program listens: a file left behind. */
  get isStale(): boolean {
    return this.#refusal?.code === 'FN_TELEMETRY_REFUSED' && staleErrnos.includes(this.#refusal.errno);
  }

  /** Whether a connection, or an attempt at one, takes a place. */
  get isHeld(): boolean {
    return this.#connection !== undefined || this.#opening !== undefined;
  }

  isDue(boundary: number): boolean {
    // A clock that was set back must not make it wait for ever.
    return !this.isHeld && (boundary >= this.#nextTry || this.#nextTry - boundary > waitSecondsMax);
  }

  /** Something happened to the socket's folder: it is worth trying at once. */
  tryAgain(): void {
    this.#nextTry = Number.NEGATIVE_INFINITY;
    this.#waitSeconds = 0;
  }

  /** Attempts a connection when one is due; settles with the attempt, and never rejects. */
  open(boundary: number): Promise<void> {
    if (this.#opening !== undefined) return this.#opening;
    if (!this.isDue(boundary)) return Promise.resolve();
    this.#opening = this.#open(boundary).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(boundary: number): Promise<void> {
    this.#waitSeconds = Math.min(waitSecondsMax, Math.max(1, this.#waitSeconds * 2));
    this.#nextTry = boundary + this.#waitSeconds;
    try {
      const opening = this.#native.openTelemetry(this.socket.path, { deadlineMs: openDeadlineMs });
      if (opening === null) throw new FourninesError('FN_NATIVE_MISSING', 'this form has no telemetry client');
      const connection = await opening;
      if (this.#isClosed) await connection.close(drainMs);
      else this.#connection = connection;
      this.#refusal = undefined;
    } catch (error) {
      const { code, context } = toFourninesError(error);
      const errno = context['errno'];
      this.#refusal = { code, errno: typeof errno === 'number' ? errno : -1 };
    }
  }

  /**
   * Asks a round. `busy`: the one before is still under way, and nothing was asked. `gone`: the program has ended the
   * connection; the socket is tried anew from then on.
   */
  ask(commands: readonly string[], replyDeadlineMs: number, cpus: readonly number[] | undefined): Promise<Answer> {
    const connection = this.#connection;
    if (connection === undefined) return Promise.resolve('gone');
    if (this.#running !== undefined) return Promise.resolve('busy');
    const options = cpus === undefined ? { replyDeadlineMs } : { replyDeadlineMs, cpus };
    this.#running = connection
      .round(commands, options)
      .catch((error: unknown): Answer => {
        // Whatever it was, this connection is of no use any more.
        this.#endCode = toFourninesError(error).code;
        this.#drop(connection);
        return 'gone';
      })
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  /** The round under way, if there is one. */
  get running(): Promise<Answer> | undefined {
    return this.#running;
  }

  /** The connection has shown that it works: when it ends, the next attempt comes at once. */
  works(): void {
    this.tryAgain();
  }

  #drop(connection: TelemetryConnection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    // The peer is gone, so nothing is outstanding, and nobody waits for the thread to end.
    void connection.close(drainMs).catch(() => undefined);
  }

  /** Closes, not before an outstanding reply has come. Settles when the socket is closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening;
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close(drainMs);
  }
}
