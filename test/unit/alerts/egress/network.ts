import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Dial } from '../../../../alerts/egress/connection.ts';
import type { EgressRequest } from '../../../../alerts/egress/egress.ts';
import type { OwnLookups } from '../../../../alerts/egress/own-watch.ts';
import type { NameResolver, Resolution } from '../../../../alerts/egress/resolver.ts';
import type { Certificate } from './certificates.ts';

/** A server on loopback that counts who came, and takes everybody's connection away at the end. */
export class Listener implements AsyncDisposable {
  connections = 0;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.connections++;
      this.#open.add(socket);
      // A peer that goes away is what these tests are about.
      socket.on('error', () => undefined);
      socket.on('close', () => this.#open.delete(socket));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are still there. */
  get open(): number {
    return this.#open.size;
  }

  static of(server: Server): Promise<Listener> {
    return Listener.#listen(server);
  }

  /** Whatever is written to a connection by hand. */
  static raw(onConnection: (socket: Socket) => void, host?: string): Promise<Listener> {
    return Listener.#listen(createServer(onConnection), host);
  }

  static http(onRequest: RequestListener, host?: string): Promise<Listener> {
    return Listener.#listen(createHttpServer(onRequest), host);
  }

  static https(certificate: Certificate, onRequest: RequestListener, host?: string): Promise<Listener> {
    return Listener.#listen(createHttpsServer(certificate, onRequest), host);
  }

  static async #listen(server: Server, host = '127.0.0.1'): Promise<Listener> {
    const listener = new Listener(server);
    server.listen(0, host);
    await once(server, 'listening');
    return listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A network in which every address of the world is this listener: what is dialled arrives, and is written down. */
export class WholeWorld {
  readonly dialled: string[] = [];
  readonly #port: number;

  constructor(listener: Listener) {
    this.#port = listener.port;
  }

  readonly dial: Dial = (address, port) => {
    this.dialled.push(`${address} ${port}`);
    const socket = connect({ host: '127.0.0.1', port: this.#port });
    Object.defineProperty(socket, 'remoteAddress', { value: address });
    return socket;
  };
}

/** Names with scripted answers, one for each time they are asked; the last one stays. */
export class ScriptedNames implements NameResolver {
  readonly asked: string[] = [];
  readonly #script: ReadonlyMap<string, readonly Resolution[]>;

  constructor(script: ReadonlyMap<string, readonly Resolution[]>) {
    this.#script = script;
  }

  static of(answers: ReadonlyMap<string, readonly string[]>): ScriptedNames {
    return new ScriptedNames(new Map([...answers].map(([name, addresses]) => [name, [found(...addresses)]])));
  }

  resolve(name: string): Promise<Resolution> {
    const times = this.asked.filter((asked) => asked === name).length;
    this.asked.push(name);
    const script = this.#script.get(name) ?? [{ kind: 'none' }];
    return Promise.resolve(script[Math.min(times, script.length - 1)] ?? { kind: 'none' });
  }
}

export function found(...addresses: readonly string[]): Resolution {
  return { kind: 'addresses', addresses };
}

/** A machine with these addresses, and a product with these names. */
export function ownLookups(local: readonly string[], names: Readonly<Record<string, readonly string[]>>): OwnLookups {
  return {
    localAddresses: () => local,
    addressesOf: async (name) => {
      const addresses = names[name];
      if (addresses === undefined) throw new Error(`no such name: ${name}`);
      return addresses;
    },
  };
}

export const noOwn: OwnLookups = ownLookups(['127.0.0.1', '::1'], {});

export function post(url: string, over: Partial<EgressRequest> = {}): EgressRequest {
  const headers = { 'content-type': 'application/json', 'webhook-id': 'msg_1' };
  return { url, headers, body: Buffer.from('{"type":"test"}'), ...over };
}

/** The whole body of what came. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export const never: AbortSignal = new AbortController().signal;
