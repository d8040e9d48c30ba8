import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { serve } from './child.ts';
import {
  type ClassTally,
  deliveryNameOf,
  type ReceiverClass,
  type ReceiversRequest,
  receiverClasses,
  type Tally,
  wallMs,
} from './protocol.ts';

/** Entry of the process that receives webhooks. The path says who is meant: /class/receiver. */

/** One request of so many has its signature checked, by a package that is not ours. */
const checkedEach = 50;

class Book {
  readonly #isLasting: boolean;
  readonly latenciesMs: number[] = [];
  readonly newest = new Map<string, number>();
  received = 0;
  again = 0;
  outOfOrder = 0;
  signaturesChecked = 0;
  signaturesBad = 0;

  /** `isLasting`: those that hang or fail hear of little, so all of a turn counts, and not its measured time alone. */
  constructor(isLasting: boolean) {
    this.#isLasting = isLasting;
  }

  take(id: string, atMs: number, span: { readonly fromMs: number; readonly toMs: number }): void {
    const { receiver, number, decidedMs } = deliveryNameOf(id);
    const newest = this.newest.get(receiver) ?? 0;
    this.received++;
    if (number <= newest) {
      // The same once more is a further attempt; one before it must not come any more.
      if (number === newest) this.again++;
      else this.outOfOrder++;
      return;
    }
    if (number !== newest + 1) this.outOfOrder++;
    this.newest.set(receiver, number);
    const isMeasured = decidedMs >= span.fromMs && decidedMs < span.toMs;
    if (isMeasured || this.#isLasting) this.latenciesMs.push(atMs - decidedMs);
  }

  tally(): ClassTally {
    const { received, again, outOfOrder, signaturesChecked, signaturesBad } = this;
    const told = { received, again, outOfOrder, signaturesChecked, signaturesBad };
    return { ...told, latenciesMs: Float64Array.from(this.latenciesMs) };
  }
}

const servers: Server[] = [];
let books = newBooks();
let span = { fromMs: 0, toMs: 0 };
let slowMs = 0;
let webhook: Webhook | undefined;
/** Requests that are never answered. */
const hanging = new Set<ServerResponse>();

serve<ReceiversRequest>(async (request) => {
  switch (request.type) {
    case 'open':
      webhook = new Webhook(request.secret);
      slowMs = request.slowMs;
      return Promise.all(Array.from({ length: request.ports }, listen));
    case 'begin':
      books = newBooks();
      span = request;
      for (const response of hanging) response.destroy();
      hanging.clear();
      return undefined;
    case 'tally':
      return Object.fromEntries(receiverClasses.map((name) => [name, books[name].tally()])) as unknown as Tally;
    case 'close':
      for (const server of servers) server.close();
      return undefined;
  }
});

function newBooks(): Readonly<Record<ReceiverClass, Book>> {
  return { healthy: new Book(false), slow: new Book(false), hanging: new Book(true), failing: new Book(true) };
}

function listen(): Promise<number> {
  const server = createServer((request, response) => void receive(request, response));
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', 1_024, () => resolve((server.address() as AddressInfo).port));
  });
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    // Cut off: not received.
    return;
  }
  const name = request.url?.split('/')[1] as ReceiverClass;
  const book = books[name];
  book.take(String(request.headers['webhook-id']), wallMs(), span);
  if (book.received % checkedEach === 0) check(book, Buffer.concat(chunks), request);
  if (name === 'hanging') {
    hanging.add(response);
    response.once('close', () => hanging.delete(response));
    return;
  }
  const answer = () => {
    response.writeHead(name === 'failing' ? 503 : 204, name === 'failing' ? { 'content-length': '0' } : {});
    response.end();
  };
  if (name === 'slow') setTimeout(answer, slowMs);
  else answer();
}

function check(book: Book, body: Buffer, { headers }: IncomingMessage): void {
  book.signaturesChecked++;
  try {
    webhook?.verify(body.toString(), headers as Record<string, string>);
  } catch {
    book.signaturesBad++;
  }
}
