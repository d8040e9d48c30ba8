import { connect, type Socket } from 'node:net';
import { FourninesError, systemCode } from '../../../core/runtime/error.ts';
import type { ErrorCode } from '../../../core/runtime/error-catalogue.ts';
import { parseExactJson } from '../../exact-json.ts';
import { JsonStream } from '../../json-stream.ts';

/** A JSON-RPC 1.0 message as Open vSwitch sends it: a request, a notification (`id` null) or a reply. */
export type RpcMessage = Readonly<Record<string, unknown>>;

export interface RpcHandlers {
  onMessage(message: RpcMessage): void;
  /** Called once, whoever closed; nothing follows. */
  onClose(error: FourninesError): void;
}

/** A peer that never reads what we write is given up beyond this. Our requests have at most a few kilobytes. */
const unsentBytesMax = 1024 * 1024;

/** One connection over a stream socket of the file system. Every end of it comes out as one `onClose`. */
export class RpcConnection {
  readonly #path: string;
  readonly #socket: Socket;
  readonly #stream = new JsonStream('FN_OVS_REPLY');
  readonly #handlers: RpcHandlers;
  #closed = false;

  /** Starts to connect; what is sent before that is done waits in the socket. */
  constructor(path: string, handlers: RpcHandlers) {
    this.#path = path;
    this.#handlers = handlers;
    this.#socket = connect(path);
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('error', (error) =>
      this.#end(this.#failure('FN_OVS_AWAY', `the socket cannot be used (${systemCode(error) ?? 'unknown'})`, error)),
    );
    this.#socket.on('close', () => this.#end(this.#failure('FN_OVS_AWAY', 'the peer closed the connection')));
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  send(message: RpcMessage): void {
    if (this.#closed) return;
    this.#socket.write(JSON.stringify(message));
    if (this.#socket.writableLength > unsentBytesMax) this.close('FN_OVS_AWAY', 'the peer does not read');
  }

  close(code: ErrorCode = 'FN_OVS_AWAY', why = 'we closed the connection'): void {
    this.#end(this.#failure(code, why));
  }

  #read(chunk: Buffer): void {
    try {
      for (const text of this.#stream.push(chunk)) {
        if (this.#closed) return;
        this.#handlers.onMessage(parseExactJson(text, 'FN_OVS_REPLY') as RpcMessage);
      }
    } catch (error) {
      const why = error instanceof FourninesError ? error.message : 'a message could not be used';
      this.#end(this.#failure(error instanceof FourninesError ? error.code : 'FN_INTERNAL', why, error));
    }
  }

  #end(error: FourninesError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    this.#handlers.onClose(error);
  }

  #failure(code: ErrorCode, why: string, cause?: unknown): FourninesError {
    const errno = systemCode(cause);
    const context = { path: this.#path, ...(errno === undefined ? {} : { errno }) };
    return new FourninesError(code, why, { cause, context });
  }
}
