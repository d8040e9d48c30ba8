import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { portSlot, tick } from '../../core/catalogue/kinds.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { encodeMessage } from '../../core/wire/message.ts';
import type { DeadLetterPage } from '../../server/api/schema/dead-letters.ts';
import { makeServer, type Server } from '../../server/app.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { aPortRow, aTickMessage } from '../fakes/tick-message.ts';
import { placeControl } from './control-fixture.ts';
import { cli } from './spawned.ts';
import { aPortSlot, blockOf, today, until } from './store-fixture.ts';

const data = mkdtempSync(join(tmpdir(), 'fn-letters-'));
const bus = new InProcessLog({ bytesMax: 1 << 26, recordBytesMax: 1 << 23, nowMs: Date.now });
const topic = new InProcessLog({ bytesMax: 1 << 26, recordBytesMax: 1 << 23, nowMs: Date.now });
let server: Server;
let lifecycle: Lifecycle;

beforeAll(async () => {
  await placeControl(data);
  const config = aServerConfig({ lingerMs: 50 });
  server = makeServer({ config, data, bus, sink: bus, letterSink: topic, logger: silentLogger, version: 'test' });
  lifecycle = new Lifecycle(server.parts, silentLogger);
  await lifecycle.start();
});
afterAll(async () => {
  await lifecycle.stop();
  rmSync(data, { recursive: true, force: true });
});

function aMessage(seq: number, port = 'p1'): Uint8Array {
  const slot = today + seq;
  return aTickMessage({
    host: 'h1',
    slot,
    seq: BigInt(seq),
    ports: [aPortRow({ host: 'h1', port, slot, packetsInc: 1n })],
  });
}

/** Ten ways to be wrong. */
function poison(): readonly (readonly [Uint8Array, string])[] {
  const good = aMessage(1);
  const changed = (at: number, value: number) => Uint8Array.from(good, (byte, i) => (i === at ? value : byte));
  const head = { host: 'h1', bootId: 'b', stream: 'poison', seq: 0n, slot: today };
  const block = blockOf(portSlot, [aPortSlot()]);
  return [
    [new Uint8Array(0), 'FN_WIRE_DAMAGED'],
    [Buffer.from('hello'), 'FN_WIRE_DAMAGED'],
    [good.subarray(0, good.length - 9), 'FN_WIRE_DAMAGED'],
    [changed(100, 0xff - (good[100] ?? 0)), 'FN_WIRE_DAMAGED'],
    [Buffer.alloc(4096, 0xff), 'FN_WIRE_DAMAGED'],
    [changed(4, 2), 'FN_WIRE_VERSION'],
    [encodeMessage(head, [{ ...block, fingerprint: 1n }]), 'FN_WIRE_SCHEMA'],
    [encodeMessage(head, [{ ...block, kind: 'nobody' }]), 'FN_WIRE_SCHEMA'],
    [encodeMessage(head, [{ ...block, rows: 2 }]), 'FN_WIRE_BLOCK'],
    [encodeMessage(head, [blockOf(portSlot, [aPortSlot({ host: 'another' })])]), 'FN_WIRE_BLOCK'],
  ];
}

async function api<T>(method: 'GET' | 'POST', path: string, headers: Record<string, string> = {}): Promise<T> {
  return (await (await fetch(`${server.url()}/api/v1${path}`, { method, headers })).json()) as T;
}

/** The command line, against this server. */
async function letters(...args: string[]): Promise<{ code: number; out: string }> {
  const run = promisify(execFile)(process.execPath, [cli, 'dead-letters', ...args, '--server', server.url()]);
  return run.then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout + error.stderr,
    }),
  );
}

const sums = async () =>
  (
    await server.store.engine.query(
      `SELECT (SELECT count() FROM tick) AS ticks, (SELECT count() FROM port_slot) AS rows,
        (SELECT sum(packets) FROM port_1m) AS rolled`,
      {},
      { deadlineMs: 10_000 },
    )
  )[0];

const stored = (offset: bigint) => until(() => server.ingestStats().nextOffset >= offset);

describe('dead letters', () => {
  test('ten kinds of poison cost nothing but themselves; each is kept whole, with its reason, in table and topic', async () => {
    for (const [i, [bytes]] of poison().entries()) {
      await bus.append('h1', bytes);
      await bus.append('h1', aMessage(i));
    }
    await stored(20n);
    expect(await sums()).toEqual({ ticks: '10', rows: '10', rolled: '10' });
    const page = await api<DeadLetterPage>('GET', '/dead-letters?limit=100');
    expect(page.items.map(({ code }) => code).reverse()).toEqual(poison().map(([, code]) => code));
    expect(page.items.map(({ offset }) => Number(offset)).reverse()).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(page.items[0]).toMatchObject({ host: 'h1', stream: 'poison', seq: '0', replayedAt: null });
    const first = await api<{ bytes: string }>('GET', `/dead-letters/${page.items[8]?.id}`);
    expect(Buffer.from(first.bytes, 'base64').toString()).toBe('hello');
    expect(topic.heldRecords).toBe(10);
  });

  test('pages go on where the one before ended', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await api<DeadLetterPage>('GET', `/dead-letters?limit=3${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? '';
    } while (cursor !== '');
    expect(new Set(seen).size).toBe(10);
    expect(seen).toHaveLength(10);
  });

  test('the command lists, shows and refuses what still cannot be read', async () => {
    const listed = await letters('list', '--code', 'FN_WIRE_VERSION', '--json');
    const [letter] = (JSON.parse(listed.out) as DeadLetterPage).items;
    expect(letter).toMatchObject({ code: 'FN_WIRE_VERSION', offset: '10' });
    expect((await letters('show', letter?.id ?? '')).out).toContain(Buffer.from('4N9S').toString('hex').slice(0, 4));
    const refused = await letters('replay', letter?.id ?? '');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.out).toContain('refused FN_WIRE_VERSION');
    expect((await letters('show', 'nobody:0:1')).code).toBe(1);
    expect((await letters('show', 'not an id')).code).toBe(2);
  });

  test('what the store refused is stored by replay once that is mended; a second replay has no effect', async () => {
    await server.store.engine.command("ALTER TABLE port_slot ADD CONSTRAINT no_poison CHECK port != 'poison'");
    for (let seq = 20; seq < 30; seq++) await bus.append('h1', aMessage(seq, seq === 24 ? 'poison' : 'p1'));
    await stored(30n);
    expect(await sums()).toEqual({ ticks: '20', rows: '19', rolled: '19' });
    const { items } = await api<DeadLetterPage>('GET', '/dead-letters?code=FN_STORE');
    expect(items).toMatchObject([{ refusedBy: 'port_slot', seq: '24' }]);
    const path = `/dead-letters/${items[0]?.id}/replay`;
    expect(await api('POST', path)).toMatchObject({ outcome: 'refused', code: 'FN_STORE' });
    await server.store.engine.command('ALTER TABLE port_slot DROP CONSTRAINT no_poison');
    expect(await api('POST', path)).toMatchObject({ outcome: 'stored' });
    expect(await api('POST', path)).toMatchObject({ outcome: 'before' });
    expect(await sums()).toEqual({ ticks: '20', rows: '20', rolled: '20' });
  });

  test('a letter that can be read by now (the server was upgraded) goes in by replay, and only once', async () => {
    // As an older server left it: a message of a schema that this one knows.
    const late = encodeMessage({ host: 'h1', bootId: 'boot', stream: 'stream', seq: 30n, slot: today + 30 }, [
      blockOf(tick, [
        {
          ...{ host: 'h1', slot: today + 30, bootId: 'boot', stream: 'stream', seq: 30n, wallNs: 1n, monoNs: 1n },
          ...{ gatherNs: 1n, skipped: 0, cpuNs: 1n, rssBytes: 1n },
        },
      ]),
    ]);
    await server.store.engine.command(
      `INSERT INTO dead_letter (at, topic, partition, offset, key, code, reason, bytes)
       VALUES (now64(3), 'older', 0, 7, 'h1', 'FN_WIRE_SCHEMA', 'unknown', unhex('${Buffer.from(late).toString('hex')}'))`,
    );
    const end = server.ingestStats().nextOffset;
    expect((await letters('replay', 'older:0:7')).out).toBe('older:0:7: sent\n');
    expect((await letters('replay', 'older:0:7')).out).toBe('older:0:7: before\n');
    await stored(end + 1n);
    expect(await sums()).toMatchObject({ ticks: '21' });
    // Had the first one not been noted (a crash in between), the message itself is known.
    await bus.append('h1', late);
    await stored(end + 2n);
    expect(await sums()).toMatchObject({ ticks: '21' });
    expect(server.ingestStats().duplicates).toBe(1);
  });

  test('no page of another site may replay through a browser', async () => {
    const answer = await api('POST', '/dead-letters/older:0:7/replay', { 'sec-fetch-site': 'cross-site' });
    expect(answer).toMatchObject({ code: 'FN_QUERY_PARAMETER' });
  });

  test('an operator releases a host by name', async () => {
    expect((await letters('release', 'h1')).code).toBe(0);
    expect((await letters('release', 'nobody')).code).toBe(1);
  });
});
