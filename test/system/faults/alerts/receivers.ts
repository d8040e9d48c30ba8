import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { receiverNames } from './alert-config.ts';

/** How a receiver answers. `held`: only when the test says so. */
export const moods = ['late', 'gone', 'tooLarge', 'throttled', 'moved', 'broken', 'half', 'garbage', 'never'] as const;
export type Mood = (typeof moods)[number] | 'well' | 'held';

/** One whole request that came. */
export interface Arrival {
  readonly id: string;
  readonly receiver: string;
  readonly body: string;
  readonly mood: Mood;
  /** It was answered in time, wholly, and whoever asked was still there. */
  isAnswered: boolean;
}

/** Beyond what a subject waits, ms. */
const lateMs = 1_200;
/** More than the first pause after a failure, so that it matters. */
export const retryAfterSeconds = 20;
const accepting: ReadonlySet<Mood> = new Set(['well', 'held']);

/** Whether the receiver has it, as far as both sides know. */
export function isAccepted({ mood, isAnswered }: Arrival): boolean {
  return accepting.has(mood) && isAnswered;
}

/** Real receivers over HTTP, which keep whatever they get. */
export class Receivers implements AsyncDisposable {
  readonly arrivals: Arrival[] = [];
  readonly #servers = new Map<string, Server>();
  readonly #moods = new Map<string, { readonly mood: Mood; left: number }>();
  /** Answers that wait for the test. */
  #held: (() => void)[] = [];

  static async open(): Promise<Receivers> {
    const receivers = new Receivers();
    for (const name of receiverNames) {
      const server = createServer((request, response) => receivers.#take(name, request, response));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      receivers.#servers.set(name, server);
    }
    return receivers;
  }

  get ports(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#servers].map(([name, server]) => [name, (server.address() as AddressInfo).port]),
    );
  }

  /** The next `requests` are answered so, and then it is well again. */
  setMood(receiver: string, mood: Mood, requests: number): void {
    this.#moods.set(receiver, { mood, left: requests });
  }

  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** Answers what was held. */
  letGo(): void {
    for (const answer of this.#held) answer();
    this.#held = [];
  }

  allWell(): void {
    this.#moods.clear();
    this.letGo();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers.values()) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
  }

  #take(receiver: string, request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    // Whoever asked was killed meanwhile: what did not come wholly did not come.
    for (const each of [request, response]) each.on('error', () => undefined);
    request.on('end', () => {
      if (!request.complete) return;
      const mood = this.#moodOf(receiver);
      const id = String(request.headers['webhook-id']);
      const arrival: Arrival = { id, receiver, body: Buffer.concat(chunks).toString(), mood, isAnswered: false };
      this.arrivals.push(arrival);
      response.on('finish', () => {
        arrival.isAnswered = mood !== 'late' && mood !== 'half' && mood !== 'garbage';
      });
      this.#answer(mood, response);
    });
  }

  #moodOf(receiver: string): Mood {
    const present = this.#moods.get(receiver);
    if (present === undefined || present.left === 0) return 'well';
    present.left--;
    return present.mood;
  }

  #answer(mood: Mood, response: ServerResponse): void {
    const plain = (status: number, headers = {}) => response.writeHead(status, headers).end('said');
    switch (mood) {
      case 'well':
        return void plain(200);
      case 'held':
        this.#held.push(() => plain(200));
        return;
      case 'late':
        setTimeout(() => plain(200), lateMs).unref();
        return;
      case 'gone':
        return void plain(410);
      case 'tooLarge':
        return void plain(413);
      case 'throttled':
        return void plain(429, { 'retry-after': String(retryAfterSeconds) });
      case 'moved':
        return void plain(301, { location: 'http://127.0.0.1/elsewhere' });
      case 'broken':
        return void plain(503);
      case 'half':
        response.writeHead(200, { 'content-length': '100' });
        response.write('only this', () => response.destroy());
        return;
      case 'garbage':
        response.socket?.end('what is a status line?\r\n\r\n');
        return;
      case 'never':
        return;
    }
  }
}
