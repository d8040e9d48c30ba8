import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { JsonStream } from '../../../../../collector/json-stream.ts';

export interface Question {
  readonly method: string | undefined;
  readonly params: readonly unknown[];
  readonly id: unknown;
  readonly socket: Socket;
  /** Number of the connection, from 1. */
  readonly connection: number;
}

export type Script = (question: Question) => void;

/** A peer on a socket in the file system that does to each question what the test says. */
export class ScriptedServer {
  readonly path: string;
  readonly questions: Question[] = [];
  script: Script;
  connections = 0;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(script: Script, at = path.join(tmpdir(), `fn-ovs-${randomBytes(6).toString('hex')}.sock`)) {
    this.script = script;
    this.path = at;
  }

  async listen(): Promise<void> {
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
  }

  /** The end of the process: all connections and the socket are gone. */
  async die(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    for (const socket of this.#sockets) socket.destroy();
    server.close();
    await once(server, 'close');
    rmSync(this.path, { force: true });
  }

  #accept(socket: Socket): void {
    const connection = ++this.connections;
    const stream = new JsonStream('FN_OVS_REPLY');
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      for (const text of stream.push(chunk)) {
        const { method, params, id } = JSON.parse(text);
        const question = { method, params, id, socket, connection };
        this.questions.push(question);
        this.script(question);
      }
    });
  }
}

export function answer(question: Question, result: unknown, error: unknown = null): void {
  question.socket.write(JSON.stringify({ id: question.id, result, error }));
}
