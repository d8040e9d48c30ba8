import { FourninesError } from '../../../core/runtime/error.ts';
import { exactText } from '../../exact-json.ts';
import { RpcConnection, type RpcMessage } from './json-rpc.ts';
import { checkReadOnly, type ReadOnlyCommand } from './read-only-commands.ts';

export interface CallOptions {
  /** From the call to the whole answer, waiting for an earlier answer included. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

interface Outstanding {
  readonly id: number;
  readonly connection: RpcConnection;
  /** Undefined once the caller has given up: the answer is then awaited only to be thrown away. */
  settle: ((result: string | FourninesError) => void) | undefined;
  /** Resolves when nothing is outstanding any more. */
  readonly over: Promise<void>;
  readonly end: () => void;
}

/**
 * Asks ovs-vswitchd over its control socket, as ovs-appctl does, but without a process and over a connection that stays
 * open.
 *
 * The daemon answers in its main thread, which may stand still for seconds while ports come up. A caller that gives up
 * does not close the connection and nothing else is sent behind its back: the late answer is awaited and thrown away
 * first, so that a stalled daemon finds one question of ours and not a heap of them, and no answer ever meets the wrong
 * question. Answers are matched by id besides.
 */
export class UnixctlClient {
  readonly path: string;
  #connection: RpcConnection | undefined;
  #outstanding: Outstanding | undefined;
  #lastId = 0;
  #closed = false;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * The daemon's answer to one command. One call at a time: a second one waits for the first.
   * Throws FN_OVS_REFUSED (not a reading command; nothing was sent), FN_OVS_AWAY (no daemon, it went away, or the
   * deadline passed), FN_OVS_REPLY (an answer that cannot be read, or the daemon's own error, then with `answer: error`
   * in the context), or the signal's reason.
   */
  async call(command: ReadOnlyCommand, args: readonly string[], options: CallOptions): Promise<string> {
    checkReadOnly(command, args);
    const { deadlineMs, signal } = options;
    signal?.throwIfAborted();
    const timer = new AbortController();
    const timeout = setTimeout(() => {
      timer.abort(
        new FourninesError('FN_OVS_AWAY', `no answer within ${deadlineMs} ms`, {
          context: { path: this.path, command, deadlineMs },
        }),
      );
    }, deadlineMs);
    const stop = signal === undefined ? timer.signal : AbortSignal.any([timer.signal, signal]);
    try {
      while (this.#outstanding !== undefined) await unlessStopped(this.#outstanding.over, stop);
      return await this.#ask(command, args, stop);
    } finally {
      clearTimeout(timeout);
    }
  }

  /** Ends the connection; a call that waits fails with FN_OVS_AWAY. */
  close(): void {
    this.#closed = true;
    this.#connection?.close();
  }

  async #ask(command: ReadOnlyCommand, args: readonly string[], stop: AbortSignal): Promise<string> {
    if (this.#closed) {
      throw new FourninesError('FN_OVS_AWAY', 'the client is closed', { context: { path: this.path } });
    }
    const connection = this.#connect();
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<string | FourninesError>();
    const over = Promise.withResolvers<void>();
    const outstanding: Outstanding = {
      id,
      connection,
      settle: answer.resolve,
      over: over.promise,
      end: over.resolve,
    };
    this.#outstanding = outstanding;
    connection.send({ method: command, params: args, id });
    try {
      const result = await unlessStopped(answer.promise, stop);
      if (result instanceof FourninesError) throw withCommand(result, command);
      return result;
    } finally {
      outstanding.settle = undefined;
    }
  }

  #connect(): RpcConnection {
    if (this.#connection !== undefined && !this.#connection.isClosed) return this.#connection;
    const connection: RpcConnection = new RpcConnection(this.path, {
      onMessage: (message) => this.#take(connection, message),
      onClose: (error) => this.#lose(connection, error),
    });
    this.#connection = connection;
    return connection;
  }

  #take(connection: RpcConnection, message: RpcMessage): void {
    const outstanding = this.#outstanding;
    if (outstanding?.connection !== connection || message['id'] !== outstanding.id) {
      connection.close('FN_OVS_REPLY', 'an answer to something that was not asked');
      return;
    }
    this.#outstanding = undefined;
    outstanding.settle?.(resultOf(message));
    outstanding.end();
  }

  #lose(connection: RpcConnection, error: FourninesError): void {
    if (this.#connection === connection) this.#connection = undefined;
    const outstanding = this.#outstanding;
    if (outstanding?.connection !== connection) return;
    this.#outstanding = undefined;
    outstanding.settle?.(error);
    outstanding.end();
  }
}

function resultOf(message: RpcMessage): string | FourninesError {
  const { result, error } = message;
  if (error !== null && error !== undefined) {
    const text = (typeof error === 'string' ? error : exactText(error)).trim().slice(0, 500);
    return new FourninesError('FN_OVS_REPLY', `ovs-vswitchd answered: ${text}`, { context: { answer: 'error' } });
  }
  if (typeof result === 'string') return result;
  return new FourninesError('FN_OVS_REPLY', 'the answer is no text', { context: { answer: typeof result } });
}

function withCommand(error: FourninesError, command: string): FourninesError {
  return new FourninesError(error.code, error.message, { cause: error, context: { ...error.context, command } });
}

/** The promise's outcome, or the signal's reason as soon as that is aborted. */
function unlessStopped<T>(promise: Promise<T>, stop: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(stop.reason);
    if (stop.aborted) {
      onAbort();
      return;
    }
    stop.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => stop.removeEventListener('abort', onAbort));
  });
}
