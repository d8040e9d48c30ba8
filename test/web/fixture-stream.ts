import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TickEvent } from '../../server/api/schema/stream.ts';
import { tickOf } from './fixture-api.ts';
import { hostNames, type Scenario } from './fixture-numbers.ts';

/** The server-sent events of the fixture: a tick of each host each second, kept for those who come back. */
export interface FixtureStream {
  take(url: URL, request: IncomingMessage, response: ServerResponse): void;
  /** Breaks what is open, and for so long also what is opened anew, without an answer: the browser tries again. */
  cut(forMs?: number): void;
  /** Says to all that they missed something. */
  reset(): void;
  /** What came back with an id: the id, and the slots that were sent again. */
  readonly returns: readonly { readonly lastEventId: string; readonly slots: readonly number[] }[];
  close(): void;
}

interface Listener {
  readonly response: ServerResponse;
  readonly host: string | null;
  readonly port: string | null;
}

interface Kept {
  readonly id: number;
  readonly host: string;
  readonly slot: number;
}

const keptMax = 300;

export function openFixtureStream(scenario: () => Scenario): FixtureStream {
  const listeners = new Set<Listener>();
  const kept: Kept[] = [];
  const returns: { lastEventId: string; slots: number[] }[] = [];
  let id = 0;
  let cutUntilMs = 0;

  function send({ response, host, port }: Listener, item: Kept): boolean {
    if (host !== null && host !== item.host) return false;
    const tick: TickEvent = tickOf(scenario(), item.host, item.slot, port);
    return response.write(`id: ${item.id}\nevent: tick\ndata: ${JSON.stringify(tick)}\n\n`);
  }

  function replay(listener: Listener, lastEventId: string): void {
    const missed = kept.filter((item) => item.id > Number(lastEventId));
    returns.push({ lastEventId, slots: [...new Set(missed.map(({ slot }) => slot))] });
    for (const item of missed) send(listener, item);
  }

  const timer = setInterval(() => {
    if (scenario() === 'empty' || scenario() === 'error') return;
    const slot = Math.floor(Date.now() / 1_000) - 1;
    hostNames.forEach((host, i) => {
      if (scenario() === 'stale' && i !== 2) return;
      id += 1;
      const item = { id, host, slot };
      kept.push(item);
      for (const listener of listeners) send(listener, item);
    });
    kept.splice(0, kept.length - keptMax);
  }, 1_000);

  return {
    returns,
    take: (url, request, response) => {
      if (Date.now() < cutUntilMs) {
        request.socket.destroy();
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('retry: 300\n\n');
      const listener = { response, host: url.searchParams.get('host'), port: url.searchParams.get('port') };
      listeners.add(listener);
      request.on('close', () => listeners.delete(listener));
      const lastEventId = request.headers['last-event-id'];
      if (typeof lastEventId === 'string') replay(listener, lastEventId);
    },
    cut: (forMs = 0) => {
      cutUntilMs = Date.now() + forMs;
      for (const { response } of listeners) response.destroy();
    },
    reset: () => {
      for (const { response } of listeners) response.write('event: reset\ndata: {}\n\n');
    },
    close: () => clearInterval(timer),
  };
}
