import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { messageBytesMax } from '../../core/wire/message.ts';
import type { Problem } from '../../server/api/schema/common.ts';
import type { Health } from '../../server/api/schema/health.ts';
import type { HostDetail, HostPage } from '../../server/api/schema/hosts.ts';
import type { PortPage, PortSeries } from '../../server/api/schema/ports.ts';
import type { SliPage } from '../../server/api/schema/slis.ts';
import { makeServer, type Server } from '../../server/app.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { aDropRow, aPortRow, aTickMessage } from '../fakes/tick-message.ts';
import { routes } from './api-routes.ts';
import { placeControl } from './control-fixture.ts';
import { exclusionsApi } from './exclusions-api.ts';
import { objectsApi } from './objects-api.ts';

/** Ten known seconds of two hosts, put on the bus and asked for through HTTP. */
const now = Math.floor(Date.now() / 1000);
const first = now - 20;
const data = mkdtempSync(join(tmpdir(), 'fn-api-'));
/** Rows are asked for until they are stored, however busy the machine. */
const stored = { timeout: 20_000, interval: 50 };
const bus = new InProcessLog({ bytesMax: 1 << 24, recordBytesMax: messageBytesMax, nowMs: Date.now });
let server: Server;
let lifecycle: Lifecycle;
let base = '';

const iso = (second: number) => new Date(second * 1000).toISOString();
const get = async <T = Problem>(path: string) => {
  const response = await fetch(`${base}${path}`);
  const body = (await response.json()) as T;
  return { status: response.status, type: response.headers.get('content-type') ?? '', body };
};

async function feed(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    const slot = first + i;
    // cn1 misses seconds 4 to 6: the row of second 6 bridges them.
    if (i === 4 || i === 5) continue;
    const gap = i === 6 ? { slot: slot - 2, slots: 3, state: 'bridged' as const } : { slot };
    const rx = aPortRow({
      ...gap,
      packets: 1000n,
      packetsInc: 100n,
      bytesInc: 6400n,
      dropsOutsideInc: i === 2 ? 3n : 0n,
    });
    const tx = aPortRow({ ...gap, direction: 'tx', packetsInc: 50n });
    const drops = i === 2 ? [aDropRow({ slot, cause: 'nic_ring_full', packetsInc: 2n, packets: 2n })] : [];
    await bus.append('cn1', aTickMessage({ slot, ports: [rx, tx], drops }));
  }
  for (let i = 0; i < 10; i++) {
    const row = aPortRow({ host: 'cn2', port: 'p1', slot: first + i, packetsInc: 7n });
    const doubted = aPortRow({ host: 'cn2', port: 'p2', slot: first + i, packetsInc: 9n, suspect: i === 0 ? 1 : 0 });
    await bus.append('cn2', aTickMessage({ host: 'cn2', slot: first + i, ports: [row, doubted] }));
  }
}

const window = `from=${iso(first)}&to=${iso(first + 10)}`;

beforeAll(async () => {
  await placeControl(data);
  const config = aServerConfig({
    staleAfterMs: 60_000,
    liveSeconds: 300,
    streamsMax: 2,
    busBytesMax: 1 << 24,
    lingerMs: 50,
  });
  server = makeServer({ config, data, bus, logger: silentLogger, version: '0.0.0-test' });
  lifecycle = new Lifecycle(server.parts, silentLogger);
  await lifecycle.start();
  base = server.url();
  await feed();
  await vi.waitFor(
    async () => {
      const { body } = await get<PortPage>(`/api/v1/ports?${window}&host=cn2&port=p2`);
      expect(body.completeTo).toBe(iso(first + 10).replace('.000Z', 'Z'));
    },
    { timeout: 20_000, interval: 50 },
  );
});

afterAll(async () => {
  await lifecycle.stop();
  rmSync(data, { recursive: true, force: true });
});

describe('ports', () => {
  it('sums what is known, says what is bridged and unknown, and leaves suspect numbers out', async () => {
    const { body } = await get<PortPage>(`/api/v1/ports?${window}`);
    expect(body.items.map((item) => [item.host, item.port, item.direction])).toEqual([
      ['cn1', 'eth0', 'rx'],
      ['cn1', 'eth0', 'tx'],
      ['cn2', 'p1', 'rx'],
      ['cn2', 'p2', 'rx'],
    ]);
    const [rx, tx, , doubted] = body.items;
    expect(rx).toMatchObject({
      packets: '800',
      bytes: '51200',
      offered: '803',
      delivered: '800',
      drops: '3',
      unexplained: '1',
      causes: [{ cause: 'nic_ring_full', place: 'outside', packets: '2' }],
      slots: { expected: 10, observed: 7, bridged: 3, unknown: 0, suspect: 0 },
    });
    expect(tx).toMatchObject({ packets: '400', drops: '0', causes: [] });
    expect(doubted).toMatchObject({ packets: '81', slots: { observed: 9, unknown: 1, suspect: 1 } });
  });

  it('a gap that crosses the end of the window is in no sum: nobody knows how much of it belongs there', async () => {
    const { body } = await get<PortPage>(`/api/v1/ports?from=${iso(first)}&to=${iso(first + 5)}&host=cn1`);
    expect(body.items[0]).toMatchObject({
      packets: '400',
      slots: { expected: 5, observed: 4, bridged: 0, unknown: 1 },
    });
  });

  it('drops at a qdisc are in every number of drops; where they are unknown the slot is', async () => {
    const slot = first + 10;
    const tx = (at: number) => aPortRow({ host: 'cn3', port: 'eth0', direction: 'tx', slot: at, packetsInc: 10n });
    const drop = (at: number, row: object) =>
      aDropRow({ host: 'cn3', direction: 'tx', place: 'beside', cause: 'qdisc_full', slot: at, ...row });
    await bus.append(
      'cn3',
      aTickMessage({ host: 'cn3', slot, ports: [tx(slot)], drops: [drop(slot, { packetsInc: 4n })] }),
    );
    const lost = drop(slot + 1, { packetsInc: null, state: 'unknown' });
    await bus.append('cn3', aTickMessage({ host: 'cn3', slot: slot + 1, ports: [tx(slot + 1)], drops: [lost] }));
    const last = drop(slot + 2, { packetsInc: 2n });
    await bus.append('cn3', aTickMessage({ host: 'cn3', slot: slot + 2, ports: [tx(slot + 2)], drops: [last] }));
    await vi.waitFor(async () => {
      const { body } = await get<PortPage>(`/api/v1/ports?from=${iso(slot)}&to=${iso(slot + 3)}&host=cn3`);
      expect(body.items[0]).toMatchObject({
        offered: '36',
        delivered: '30',
        drops: '6',
        slots: { observed: 2, unknown: 1 },
      });
    }, stored);
    expect((await get<HostDetail>('/api/v1/hosts/cn3')).body.host.dropsPerSecond).toBe('2');
    const { body } = await get<PortSeries>(
      `/api/v1/ports/cn3/eth0/series?from=${iso(slot)}&to=${iso(slot + 3)}&step=1`,
    );
    expect(body.directions[0]).toMatchObject({
      packets: ['10', '10', '10'],
      drops: ['4', null, '2'],
      causes: [{ cause: 'qdisc_full', packets: ['4', null, '2'] }],
    });
  });

  it('pages by cursor give each path once', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < 10; pages++) {
      const { body }: { body: PortPage } = await get<PortPage>(
        `/api/v1/ports?${window}&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...body.items.map((item) => `${item.host} ${item.port} ${item.direction}`));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(['cn1 eth0 rx', 'cn1 eth0 tx', 'cn2 p1 rx', 'cn2 p2 rx']);
  });

  it('a series has a null where a second is not observed, and the bridged gap beside it', async () => {
    const { body } = await get<PortSeries>(`/api/v1/ports/cn1/eth0/series?${window}&step=1`);
    expect(body.at).toHaveLength(10);
    const rx = body.directions.find(({ direction }) => direction === 'rx');
    expect(rx?.packets).toEqual(['100', '100', '100', '100', null, null, null, '100', '100', '100']);
    expect(rx?.drops[2]).toBe('3');
    expect(rx?.causes).toEqual([
      { cause: 'nic_ring_full', packets: ['0', '0', '2', '0', null, null, null, '0', '0', '0'] },
    ]);
    expect(rx?.bridged).toMatchObject([{ packets: '100', bytes: '6400' }]);
  });

  it('a port nobody has seen is not found; a known one without rows in the window is an empty series', async () => {
    expect((await get(`/api/v1/ports/cn1/nope/series?${window}`)).body).toMatchObject({
      status: 404,
      code: 'FN_NOT_FOUND',
    });
    const empty = await get<PortSeries>(
      `/api/v1/ports/cn1/eth0/series?from=${iso(first - 600)}&to=${iso(first - 500)}`,
    );
    expect(empty.body.directions).toEqual([]);
  });
});

describe('SLIs', () => {
  it('carry numerator and denominator, and no owner means every drop is bad', async () => {
    const { body } = await get<SliPage>(`/api/v1/slis?${window}&host=cn1&sli=packetDelivery`);
    expect(body.items[0]).toMatchObject({
      sli: 'packetDelivery',
      offered: '803',
      bad: '3',
      ratio: { num: '800', den: '803', ppb: '996264009' },
      verdict: 'measured',
      peakPps: '100',
    });
  });

  it('pps tells the most packets of one observed slot; a bridged gap has no peak', async () => {
    const { body } = await get<SliPage>(`/api/v1/slis?${window}&host=cn1&sli=pps`);
    expect(body.items[0]).toMatchObject({ sli: 'pps', peakPps: '100' });
  });
});

describe('hosts', () => {
  it('are listed with what they do now', async () => {
    const { body } = await get<HostPage>('/api/v1/hosts');
    expect(body.items.slice(0, 2)).toMatchObject([
      { host: 'cn1', state: 'live', ports: 1, packetsPerSecond: { rx: '100', tx: '50' }, dropsPerSecond: '0' },
      { host: 'cn2', state: 'live', ports: 2 },
    ]);
  });

  it('one host tells of its collector; an unknown one is not found', async () => {
    expect((await get<HostDetail>('/api/v1/hosts/cn1')).body).toMatchObject({
      host: { host: 'cn1' },
      collector: { cpuNs: '2000000' },
    });
    expect((await get('/api/v1/hosts/cn9')).body).toMatchObject({ status: 404, code: 'FN_NOT_FOUND' });
  });
});

describe('mistakes of the client', () => {
  it.each([
    ['/api/v1/ports?limit=0', 'querystring.limit'],
    ['/api/v1/ports?limit=ten', 'querystring.limit'],
    ['/api/v1/ports?prot=eth0', 'querystring.prot'],
    ['/api/v1/ports?from=yesterday', 'querystring.from'],
    ['/api/v1/ports?from=2026-11-01T00:00:00.5Z', 'querystring.from'],
    ['/api/v1/ports?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z', 'querystring.from'],
    ['/api/v1/ports?from=2020-01-01T00:00:00Z&to=2026-11-01T00:00:00Z', 'querystring.from'],
    ['/api/v1/ports?cursor=notours', 'querystring.cursor'],
    ['/api/v1/ports?to=1970-01-01T00:00:10Z', 'querystring.from'],
    ['/api/v1/slis?sli=magic', 'querystring.sli'],
    ['/api/v1/ports/cn1/eth0/series?step=0', 'querystring.step'],
    ['/api/v1/ports/cn1/eth0/series?from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&step=1', 'querystring.step'],
  ])('%s is refused with a problem that names %s', async (path, where) => {
    const { status, type, body } = await get(path);
    expect(status).toBe(400);
    expect(type).toContain('application/problem+json');
    expect(body).toMatchObject({ code: 'FN_QUERY_PARAMETER', status: 400 });
    expect(body.errors?.map((error) => error.where)).toContain(where);
  });

  it('all mistakes are told at once', async () => {
    const { body } = await get('/api/v1/ports?limit=0&colour=red&from=never');
    expect(body.errors?.length).toBeGreaterThanOrEqual(3);
  });

  it('a path that is not there, and one that cannot be decoded, are problems too', async () => {
    expect((await get('/api/v1/nothing')).body).toMatchObject({ status: 404, code: 'FN_NOT_FOUND' });
    expect((await get('/api/v1/hosts/%E0%A4%A')).status).toBe(400);
  });
});

describe('the stream', () => {
  /** Opens a stream and gives its text until `done` is content. */
  async function listen(
    path: string,
    headers: Record<string, string>,
    done: (text: string) => boolean,
  ): Promise<string> {
    const cancel = new AbortController();
    const deadline = AbortSignal.any([cancel.signal, AbortSignal.timeout(10_000)]);
    const response = await fetch(`${base}${path}`, { headers, signal: deadline });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if (done(text)) break;
    }
    cancel.abort();
    return text;
  }

  /** The line may open after the first appends; a tick of the same second is then no news. */
  const waitLong = { timeout: 10_000 };

  it('tells each tick as it comes, of the host asked for', async () => {
    const heard = listen('/api/v1/stream?host=cn1', {}, (text) => text.includes('event: tick'));
    await vi.waitFor(async () => {
      await bus.append('cn2', aTickMessage({ host: 'cn2', slot: Math.floor(Date.now() / 1000) }));
      await bus.append(
        'cn1',
        aTickMessage({
          slot: Math.floor(Date.now() / 1000),
          ports: [aPortRow({ slot: now, packets: 1000n, packetsInc: 5n })],
        }),
      );
      expect(await Promise.race([heard, Promise.resolve('')])).toContain('event: tick');
    }, waitLong);
    expect(await heard).toContain('"host":"cn1"');
    expect(await heard).not.toContain('"host":"cn2"');
  });

  it('replays what a client missed, and says so when it is no longer there, or of another run', async () => {
    const heard = listen('/api/v1/stream', {}, (text) => text.includes('id: '));
    await vi.waitFor(async () => {
      await bus.append('cn1', aTickMessage({ slot: Math.floor(Date.now() / 1000) + 5 }));
      expect(await Promise.race([heard, Promise.resolve('')])).toContain('id: ');
    }, waitLong);
    const run = /id: (\w+)\.\d+/.exec(await heard)?.[1];
    const ids = (text: string) => [...text.matchAll(/^id: \w+\.(\d+)$/gm)].map(([, offset]) => Number(offset));
    const missed = await listen('/api/v1/stream', { 'last-event-id': `${run}.3` }, (text) => ids(text).includes(6));
    expect(ids(missed).slice(0, 3)).toEqual([4, 5, 6]);
    for (const id of ['deadbeef.3', `${run}.x`, 'x', '']) {
      const reset = await listen('/api/v1/stream', { 'last-event-id': id || '.' }, (text) =>
        text.includes('event: reset'),
      );
      expect(reset).toContain('data: {}');
    }
  });

  it('beyond the bound of open streams the next one is refused, and others go on', async () => {
    const cancel = new AbortController();
    const open = await Promise.all([1, 2].map(() => fetch(`${base}/api/v1/stream`, { signal: cancel.signal })));
    expect(open.map((response) => response.status)).toEqual([200, 200]);
    expect((await get('/api/v1/stream')).body).toMatchObject({ status: 503, code: 'FN_TOO_MANY_STREAMS' });
    cancel.abort();
    await vi.waitFor(async () => {
      const again = new AbortController();
      expect((await fetch(`${base}/api/v1/stream`, { signal: again.signal })).status).toBe(200);
      again.abort();
    }, stored);
  });
});

objectsApi(() => base);
exclusionsApi(() => base);

describe('what other programs read', () => {
  it('the OpenAPI document has every route and its parameters', async () => {
    const { body } = await get<{ paths: Record<string, { get: { parameters: { name: string }[] } }> }>(
      '/api/v1/openapi.json',
    );
    expect(Object.keys(body.paths).sort()).toEqual(routes);
    expect(body.paths['/api/v1/ports']?.get.parameters.map(({ name }) => name)).toContain('cursor');
  });

  it('health is ok, and metrics have the fleet and the process', async () => {
    expect((await get<Health>('/api/v1/health')).body).toMatchObject({ status: 'ok', ingest: { deadLetters: '0' } });
    const text = await (await fetch(`${base}/metrics`)).text();
    expect(text).toContain('fournines_port_packets_total{host="cn1",port="eth0",direction="rx"} 1000');
    expect(text).toContain('fournines_port_slots_total{host="cn1",port="eth0",direction="rx",state="bridged"} 3');
    expect(text).toMatch(/^fournines_ingest_rows_total \d+$/m);
    expect(text).toContain('\nfournines_delivery_attempts_total{outcome="delivered"} 0\n');
    expect(text).toContain('\nfournines_outbox_deliveries{state="waiting"} 0\n');
    expect(text).toContain('\nfournines_alert_changes_pending ');
    expect(text).toMatch(/^fournines_nodejs_eventloop_lag_seconds /m);
  });

  it('a message that cannot be read costs only itself, and is counted', async () => {
    await bus.append('cn1', Buffer.from('not a message'));
    await vi.waitFor(async () => expect((await get<Health>('/api/v1/health')).body.ingest.deadLetters).toBe('1'), {
      timeout: 10_000,
    });
    expect((await get<PortPage>(`/api/v1/ports?${window}&host=cn1&port=eth0`)).body.items[0]?.packets).toBe('800');
  });
});
