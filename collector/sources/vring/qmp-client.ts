import { connect, type Socket } from 'node:net';
import { FourninesError, systemCode } from '../../../core/runtime/error.ts';
import type { ErrorCode } from '../../../core/runtime/error-catalogue.ts';
import { parseExactJson } from '../../exact-json.ts';
import { JsonStream } from '../../json-stream.ts';
import { checkHarmless, type QmpCall } from './qmp-commands.ts';

/** QEMU's answer: what it gives, or the class of its error. */
export type QmpAnswer =
  | { readonly isGiven: true; readonly value: unknown }
  | { readonly isGiven: false; readonly errorClass: string };

export interface QmpHandlers {
  /** Something happened in QEMU; comes whenever it likes, between question and answer too. */
  onEvent(name: string): void;
  /** Called once, whoever closed; nothing follows. */
  onClose(error: FourninesError): void;
}

/** Answers that are asked for have at most some kilobytes. */
const bounds = { bytesMax: 256 * 1024, depthMax: 16 };
/** And so much may come without a question: QEMU tells an event in some hundred bytes, a few of a kind a second. */
const unaskedBytesMax = 1024 * 1024;

interface Ending {
  readonly cause?: unknown;
  readonly isHeld?: boolean;
}

interface Waiting {
  readonly id: number;
  readonly settle: (outcome: QmpAnswer | FourninesError) => void;
}

/**
 * A connection to QEMU's monitor (QMP) over a socket of the file system. One question at a time; whatever does not fit ends
 * the connection. QEMU serves one client at a time: to a second one it says nothing at all.
 */
export class QmpClient {
  readonly path: string;
  readonly #socket: Socket;
  readonly #stream = new JsonStream('FN_QMP_REPLY', bounds);
  readonly #handlers: QmpHandlers;
  readonly #greeting = Promise.withResolvers<unknown>();
  #isGreeted = false;
  #waiting: Waiting | undefined;
  #lastId = 0;
  #unaskedBytes = 0;
  #isClosed = false;

  /** Starts to connect. */
  constructor(path: string, handlers: QmpHandlers) {
    this.path = path;
    this.#handlers = handlers;
    // Whoever closes before anybody waits for it.
    this.#greeting.promise.catch(() => undefined);
    this.#socket = connect(path);
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('error', (error) =>
      // EAGAIN: others wait in line already.
      this.close('FN_QMP_AWAY', `the socket cannot be used (${systemCode(error) ?? 'unknown'})`, {
        cause: error,
        isHeld: systemCode(error) === 'EAGAIN',
      }),
    );
    this.#socket.on('close', () => this.close('FN_QMP_AWAY', 'QEMU closed the connection'));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Waits for QEMU's greeting, agrees on nothing in particular, and gives the greeting. Where there is none in time, somebody
   * else has this monitor, or QEMU stands still: FN_QMP_AWAY with `isHeld`.
   */
  async open(deadlineMs: number): Promise<unknown> {
    const late = setTimeout(() => {
      const why = 'another client has this monitor, or QEMU stands still';
      this.close('FN_QMP_AWAY', `no greeting within ${deadlineMs} ms: ${why}`, { isHeld: true });
    }, deadlineMs);
    try {
      const greeting = await this.#greeting.promise;
      const agreed = await this.ask({ execute: 'qmp_capabilities' }, deadlineMs);
      if (!agreed.isGiven) throw this.close('FN_QMP_REPLY', 'QEMU refuses to begin');
      return greeting;
    } finally {
      clearTimeout(late);
    }
  }

  /**
   * Asks one question. Throws FN_QMP_REFUSED (nothing was sent), FN_QMP_AWAY (no answer in time, or QEMU has gone) or
   * FN_QMP_REPLY (not to be read); after the last two the connection is closed.
   */
  async ask(call: QmpCall, deadlineMs: number): Promise<QmpAnswer> {
    checkHarmless(call);
    if (this.#isClosed) throw this.#failure('FN_QMP_AWAY', 'the connection is closed');
    if (this.#waiting !== undefined) throw this.#failure('FN_INTERNAL', 'one question at a time');
    const id = ++this.#lastId;
    const outcome = await new Promise<QmpAnswer | FourninesError>((resolve) => {
      const late = setTimeout(
        () => this.close('FN_QMP_AWAY', `QEMU does not answer ${call.execute} within ${deadlineMs} ms`),
        deadlineMs,
      );
      const settle = (result: QmpAnswer | FourninesError) => {
        clearTimeout(late);
        resolve(result);
      };
      this.#waiting = { id, settle };
      this.#unaskedBytes = 0;
      this.#socket.write(`${JSON.stringify({ ...call, id })}\n`);
    });
    if (outcome instanceof FourninesError) throw outcome;
    return outcome;
  }

  /** Ends the connection, and gives the error that everybody gets who waits. */
  close(code: ErrorCode = 'FN_QMP_AWAY', why = 'we closed the connection', more: Ending = {}): FourninesError {
    const error = this.#failure(code, why, more);
    if (this.#isClosed) return error;
    this.#isClosed = true;
    this.#socket.destroy();
    this.#greeting.reject(error);
    this.#waiting?.settle(error);
    this.#waiting = undefined;
    this.#handlers.onClose(error);
    return error;
  }

  #read(chunk: Buffer): void {
    this.#unaskedBytes += chunk.length;
    if (this.#unaskedBytes > unaskedBytesMax) {
      this.close('FN_QMP_REPLY', 'QEMU says more than anybody asked for');
      return;
    }
    try {
      for (const text of this.#stream.push(chunk)) {
        if (this.#isClosed) return;
        this.#take(parseExactJson(text, 'FN_QMP_REPLY') as Readonly<Record<string, unknown>>);
      }
    } catch (error) {
      const isOurs = error instanceof FourninesError;
      this.close(isOurs ? error.code : 'FN_INTERNAL', isOurs ? error.message : 'a message could not be used', {
        cause: error,
      });
    }
  }

  #take(message: Readonly<Record<string, unknown>>): void {
    if (typeof message['event'] === 'string') {
      this.#handlers.onEvent(message['event']);
      return;
    }
    if (!this.#isGreeted && message['QMP'] !== undefined) {
      this.#isGreeted = true;
      this.#greeting.resolve(message['QMP']);
      return;
    }
    const waiting = this.#waiting;
    if (waiting === undefined || message['id'] !== waiting.id) {
      this.close('FN_QMP_REPLY', 'QEMU answers something that was not asked');
      return;
    }
    this.#waiting = undefined;
    if (Object.hasOwn(message, 'return')) waiting.settle({ isGiven: true, value: message['return'] });
    else waiting.settle({ isGiven: false, errorClass: errorClassOf(message['error']) });
  }

  #failure(code: ErrorCode, why: string, { cause, isHeld = false }: Ending = {}): FourninesError {
    const errno = systemCode(cause);
    const context = { path: this.path, isHeld, ...(errno === undefined ? {} : { errno }) };
    return new FourninesError(code, why, { context, cause });
  }
}

function errorClassOf(error: unknown): string {
  const told = typeof error === 'object' && error !== null && 'class' in error ? error.class : undefined;
  return typeof told === 'string' ? told.slice(0, 64) : 'unknown';
}
