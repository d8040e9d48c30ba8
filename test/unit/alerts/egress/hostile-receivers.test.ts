import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createEgress, type Egress, type EgressBounds, egressBounds } from '../../../../alerts/egress/egress.ts';
import { answerOf, outcomeOf } from '../../../../alerts/egress/outcome.ts';
import { readEgressRules, readReceiverRules } from '../../../../alerts/egress/rules.ts';
import { bodyOf, Listener, never, noOwn, post } from './network.ts';

/** For those who never answer; whoever does has the time of the product, so that a busy machine is no failure. */
const shortMs = 100;
const quick: Partial<EgressBounds> = { answerMs: shortMs };
const http = readReceiverRules({ privateRanges: [], http: 'allowed', ca: null });

let listener: Listener;
let egress: Egress;

function egressTo({ port }: Listener, bounds: Partial<EgressBounds> = {}): Egress {
  const rules = readEgressRules({ own: [], ports: [port], headers: [], loopback: 'development' });
  return createEgress(rules, { ownLookups: noOwn, bounds });
}

/** A receiver that writes by hand, once it has been asked something. */
async function answering(onAsked: (socket: Socket) => void, bounds: Partial<EgressBounds> = {}): Promise<void> {
  listener = await Listener.raw((socket) => socket.once('data', () => onAsked(socket)));
  egress = egressTo(listener, bounds);
}

function send(signal = never) {
  return egress.send(post(`http://127.0.0.1:${listener.port}/hook`), http, signal);
}

afterEach(async () => {
  // Whatever happened: nothing is left open on our side.
  await vi.waitFor(() => expect(listener.open).toBe(0));
  await listener[Symbol.asyncDispose]();
});

describe('a receiver that answers', () => {
  it.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [400, 'giveUp'],
    [404, 'giveUp'],
    [410, 'gone'],
    [413, 'giveUp'],
    [500, 'retry'],
    [502, 'retry'],
  ])('%i: %s', async (status, outcome) => {
    await answering((socket) => socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`));
    const result = await send();
    expect(result).toMatchObject({ kind: 'answered', status, address: '127.0.0.1', bodyBytes: 0, bodyIsCut: false });
    expect(result.latencyMs).toBeGreaterThanOrEqual(0);
    expect(outcomeOf(result)).toMatchObject({ outcome });
  });

  it('listens as localhost, where that is allowed for development', async () => {
    await answering((socket) => socket.end('HTTP/1.1 204 No\r\n\r\n'));
    const url = `http://localhost:${listener.port}/`;
    expect(await egress.send(post(url), http, never)).toMatchObject({ status: 204, address: '127.0.0.1' });
    const own = [`127.0.0.1:${listener.port}`];
    const rules = readEgressRules({ own, ports: [listener.port], headers: [], loopback: 'development' });
    const guarded = createEgress(rules, { ownLookups: noOwn });
    expect(await guarded.send(post(url), http, never)).toMatchObject({ kind: 'refused', code: 'own-address' });
    expect(listener.connections).toBe(1);
  });

  it('gets what was sent, on a connection of its own, with a host and a length that are ours', async () => {
    const seen: unknown[] = [];
    listener = await Listener.http(async (request, response) => {
      const { host, connection, 'content-length': length, 'webhook-id': id, 'user-agent': agent } = request.headers;
      seen.push({
        method: request.method,
        url: request.url,
        host,
        connection,
        length,
        id,
        agent,
        body: await bodyOf(request),
      });
      response.end('thanks');
    });
    egress = egressTo(listener);
    const url = `http://127.0.0.1:${listener.port}/hook?a=%20b`;
    const results = [await egress.send(post(url), http, never), await egress.send(post(url), http, never)];
    expect(results).toMatchObject([{ excerpt: 'thanks' }, { excerpt: 'thanks' }]);
    expect(seen[0]).toEqual({
      method: 'POST',
      url: '/hook?a=%20b',
      host: `127.0.0.1:${listener.port}`,
      connection: 'close',
      length: '15',
      id: 'msg_1',
      agent: 'Fournines',
      body: '{"type":"test"}',
    });
    expect(listener.connections).toBe(2);
  });

  it('429 with Retry-After: the wait is told', async () => {
    await answering((socket) => socket.end('HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n'));
    expect(answerOf(await send())).toMatchObject({ outcome: 'retry', status: 429, retryAfterMs: 17_000 });
  });

  it('503 with a date as Retry-After: the wait is counted from our clock', async () => {
    const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
    listener = await Listener.raw((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 503 No\r\nRetry-After: ${date}\r\nContent-Length: 0\r\n\r\n`));
    });
    const rules = readEgressRules({ own: [], ports: [listener.port], headers: [], loopback: 'development' });
    egress = createEgress(rules, { ownLookups: noOwn, wallMs: () => Date.parse(date) - 5000 });
    expect(await send()).toMatchObject({ status: 503, retryAfterMs: 5000 });
  });

  it.each([301, 302, 303, 307, 308])('%i to the metadata service: not followed, not a success', async (status) => {
    const head = `HTTP/1.1 ${status} Go\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n`;
    await answering((socket) => socket.end(head));
    const result = await send();
    expect(result).toMatchObject({ kind: 'answered', status });
    expect(outcomeOf(result)).toEqual({ outcome: 'giveUp', reason: 'redirected' });
    expect(listener.connections).toBe(1);
  });

  it('a body that would steer a terminal is kept as plain text', async () => {
    await answering((socket) => socket.end('HTTP/1.1 400 X\r\nContent-Length: 9\r\n\r\n\u001b[2Jno\r\nx'));
    expect(await send()).toMatchObject({ excerpt: '\ufffd[2Jno x', bodyBytes: 9 });
  });

  it('a body without an end is read to its bound; what it said counts', async () => {
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    await answering((socket) => endlessly(socket, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', chunk));
    const result = await send();
    expect(result).toMatchObject({ kind: 'answered', status: 200, bodyIsCut: true, excerpt: 'x'.repeat(4096) });
    if (result.kind !== 'answered') expect.fail();
    expect(result.bodyBytes).toBeLessThanOrEqual(egressBounds.responseBytes + 64 * 1024);
  });

  it('413 while the body is still being sent: the answer counts', async () => {
    listener = await Listener.http((_request, response) => {
      response.writeHead(413, { 'content-length': 0 }).end();
    });
    egress = egressTo(listener);
    const body = Buffer.alloc(egressBounds.requestBytes);
    const result = await egress.send(post(`http://127.0.0.1:${listener.port}/`, { body }), http, never);
    expect(result).toMatchObject({ kind: 'answered', status: 413 });
  });
});

describe('a receiver that does not', () => {
  it.each<readonly [what: string, code: string, onAsked: (socket: Socket) => void]>([
    ['closes at once', 'reset', (socket) => socket.end()],
    ['resets', 'reset', (socket) => socket.resetAndDestroy()],
    ['gives half a head', 'reset', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-')],
    ['gives half a body', 'body-cut', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')],
    [
      'gives half a body and resets',
      'body-cut',
      (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', () => socket.resetAndDestroy()),
    ],
    [
      'gives half a chunk',
      'body-cut',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf'),
    ],
    ['says something else', 'protocol', (socket) => socket.end('220 mail.example ESMTP\r\n')],
    ['says noise', 'protocol', (socket) => socket.end(Buffer.from([0, 255, 7, 13, 10, 13, 10]))],
    [
      'breaks its own chunks',
      'protocol',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
    ],
    [
      'gives two lengths',
      'protocol',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
    ],
    [
      'gives a length and chunks',
      'protocol',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    ],
    [
      'splits its head',
      'protocol',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nA: b\rX: y\r\nContent-Length: 0\r\n\r\n'),
    ],
    [
      'switches protocols',
      'reset',
      (socket) => socket.end('HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    ],
    ['says for ever to go on', 'protocol', (socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(50))],
    ['speaks of the future for ever', 'protocol', (socket) => socket.write('HTTP/1.1 102 Wait\r\n\r\n'.repeat(50))],
  ])('%s: %s', async (_what, code, onAsked) => {
    await answering(onAsked);
    const result = await send();
    expect(result).toMatchObject({ kind: 'failed', code, address: '127.0.0.1' });
    expect(outcomeOf(result)).toEqual({ outcome: 'retry', reason: code });
  });

  it('never answers', async () => {
    await answering(() => undefined, quick);
    const result = await send();
    expect(result).toMatchObject({ kind: 'failed', code: 'answer-timeout', address: '127.0.0.1' });
    expect(result.latencyMs).toBeGreaterThanOrEqual(shortMs - 1);
    expect(outcomeOf(result)).toEqual({ outcome: 'retry', reason: 'answer-timeout' });
  });

  it('does not take connections', async () => {
    await answering(() => undefined);
    const gone = await Listener.raw(() => undefined);
    const { port } = gone;
    egress = egressTo(gone);
    await gone[Symbol.asyncDispose]();
    const result = await egress.send(post(`http://127.0.0.1:${port}/`), http, never);
    expect(result).toMatchObject({ kind: 'failed', code: 'connect', address: null });
    expect(result.kind === 'failed' && result.why).toContain('ECONNREFUSED');
  });

  it('answers 200, but late: nobody waits for it', async () => {
    let late: Socket | undefined;
    await answering((socket) => {
      late = socket;
    }, quick);
    expect(await send()).toMatchObject({ kind: 'failed', code: 'answer-timeout' });
    late?.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    await vi.waitFor(() => expect(listener.open).toBe(0));
  });

  it.each([
    ['headers', 'header-size', '', `X-More: ${'x'.repeat(1000)}\r\n`],
    ['trailers', 'header-size', 'Transfer-Encoding: chunked\r\n\r\n0\r\n', `X-More: ${'x'.repeat(1000)}\r\n`],
    ['an extension of a chunk', 'protocol', 'Transfer-Encoding: chunked\r\n\r\n1;', 'x'.repeat(1000)],
  ])('sends %s without an end', async (_what, code, begin, more) => {
    await answering((socket) => endlessly(socket, `HTTP/1.1 200 OK\r\n${begin}`, more));
    expect(await send()).toMatchObject({ kind: 'failed', code });
  });

  it('drips its head, a byte at a time', async () => {
    await answering((socket) => drip(socket, 'HTTP/1.1 200 OK\r\nX-Slow: '), quick);
    expect(await send()).toMatchObject({ kind: 'failed', code: 'answer-timeout' });
  });

  it('drips its body, a byte at a time: the time for everything ends it', async () => {
    await answering(
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
        drip(socket, '');
      },
      { wholeMs: 2 * shortMs },
    );
    expect(await send()).toMatchObject({ kind: 'failed', code: 'timeout' });
  });

  it('does not read: the time for the answer runs all the same', async () => {
    let deaf: Socket | undefined;
    listener = await Listener.raw((socket) => {
      deaf = socket.pause();
    });
    egress = egressTo(listener, quick);
    const body = Buffer.alloc(egressBounds.requestBytes);
    const result = await egress.send(post(`http://127.0.0.1:${listener.port}/`, { body }), http, never);
    expect(result).toMatchObject({ kind: 'failed', code: 'answer-timeout' });
    // Only who reads hears that the other one has gone.
    deaf?.resume();
  });

  it('is given up by whoever asked', async () => {
    const stop = new AbortController();
    await answering(() => stop.abort());
    expect(await send(stop.signal)).toMatchObject({ kind: 'failed', code: 'cancelled' });
    expect(await send(stop.signal)).toMatchObject({ kind: 'failed', code: 'cancelled' });
    expect(listener.connections).toBe(1);
  });
});

describe('a request that is too much', () => {
  it('is refused before anything is dialled', async () => {
    await answering(() => undefined);
    const url = `http://127.0.0.1:${listener.port}/`;
    const body = Buffer.alloc(egressBounds.requestBytes + 1);
    expect(await egress.send(post(url, { body }), http, never)).toMatchObject({ code: 'request-size' });
    expect(await egress.send(post(url, { headers: { host: 'a' } }), http, never)).toMatchObject({ code: 'header' });
    expect(listener.connections).toBe(0);
  });
});

/** Writes `more` after `begin` as long as anybody takes it. */
function endlessly(socket: Socket, begin: string, more: string): void {
  socket.write(begin);
  const next = () => {
    while (!socket.destroyed && socket.write(more));
  };
  socket.on('drain', next);
  next();
}

/** Sends what begins with `head` and never ends, a byte whenever the one before has gone. */
function drip(socket: Socket, head: string): void {
  let sent = 0;
  const next = () => {
    if (socket.destroyed) return;
    socket.write(head[sent++] ?? 'x', () => setImmediate(next));
  };
  next();
}
