import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { tick } from '../../core/catalogue/kinds.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { encodeMessage } from '../../core/wire/message.ts';
import type { DeadLetterPage } from '../../server/api/schema/dead-letters.ts';
import { makeServer, type Server } from '../../server/app.ts';
import { poisons } from '../fakes/poison.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { aDropRow, aPortRow, aTickMessage } from '../fakes/tick-message.ts';
import { placeControl } from './control-fixture.ts';
import { cli } from './spawned.ts';
import { blockOf, today, until } from './store-fixture.ts';

const data = mkdtempSync(join(tmpdir(), 'fn-letters-'));
const bus = new InProcessLog({ bytesMax: 1 << 26, recordBytesMax: 1 << 24, nowMs: Date.now });
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

const poison = poisons('h1', today);
const kinds = poison.length;

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

async function sums() {
  const rows = await server.store.engine.query(
    `SELECT (SELECT count() FROM tick) AS ticks, (SELECT count() FROM port_slot) AS rows,
      (SELECT sum(packets) FROM port_1m) AS rolled`,
    {},
    { deadlineMs: 10_000 },
  );
  return rows[0] as { readonly ticks: string; readonly rows: string; readonly rolled: string };
}

const stored = (offset: bigint) => until(() => server.ingestStats().nextOffset >= offset);

describe('dead letters', () => {
  test('poison of every kind costs nothing but itself; each is kept whole, with its reason, in table and topic', async () => {
    for (const [i, { bytes }] of poison.entries()) {
      await bus.append('h1', bytes);
      await bus.append('h1', aMessage(i));
    }
    await stored(BigInt(2 * kinds));
    expect(await sums()).toEqual({ ticks: String(kinds), rows: String(kinds), rolled: String(kinds) });
    const page = await api<DeadLetterPage>('GET', '/dead-letters?limit=100');
    const letters = page.items.toReversed();
    expect(letters.map(({ offset, code }) => [Number(offset), code])).toEqual(
      poison.map(({ code }, i) => [2 * i, code]),
    );
    for (const [i, { name, bytes }] of poison.entries()) {
      const letter = await api<{ bytes: string }>('GET', `/dead-letters/${letters[i]?.id}`);
      expect([name, Buffer.from(letter.bytes, 'base64').equals(bytes)]).toEqual([name, true]);
    }
    expect(letters.find(({ code }) => code === 'FN_WIRE_BLOCK')).toMatchObject({
      ...{ host: 'h1', stream: 'poison rows', seq: '0', replayedAt: null },
    });
    expect(topic.heldRecords).toBe(kinds);
  });

  test('pages go on where the one before ended', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await api<DeadLetterPage>('GET', `/dead-letters?limit=4${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? '';
    } while (cursor !== '');
    expect(new Set(seen).size).toBe(kinds);
    expect(seen).toHaveLength(kinds);
  });

  test('the command lists, shows and refuses what still cannot be read', async () => {
    const listed = await letters('list', '--code', 'FN_WIRE_VERSION', '--json');
    const [letter] = (JSON.parse(listed.out) as DeadLetterPage).items;
    expect(letter).toMatchObject({ code: 'FN_WIRE_VERSION', host: '' });
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
    await stored(BigInt(2 * kinds + 10));
    const [ticks, rows] = [String(kinds + 10), String(kinds + 9)];
    expect(await sums()).toEqual({ ticks, rows, rolled: rows });
    const { items } = await api<DeadLetterPage>('GET', '/dead-letters?code=FN_STORE');
    expect(items).toMatchObject([{ refusedBy: 'port_slot', seq: '24' }]);
    const path = `/dead-letters/${items[0]?.id}/replay`;
    expect(await api('POST', path)).toMatchObject({ outcome: 'refused', code: 'FN_STORE' });
    await server.store.engine.command('ALTER TABLE port_slot DROP CONSTRAINT no_poison');
    expect(await api('POST', path)).toMatchObject({ outcome: 'stored' });
    expect(await api('POST', path)).toMatchObject({ outcome: 'before' });
    expect(await sums()).toEqual({ ticks, rows: ticks, rolled: ticks });
  });

  test('of two tables that refused it, the one that takes its rows first is not asked again', async () => {
    const { engine } = server.store;
    const before = await sums();
    const [slot, port] = [today + 40, 'twice'];
    const message = aTickMessage({
      host: 'h1',
      slot,
      seq: 40n,
      ports: [aPortRow({ host: 'h1', port, slot, packetsInc: 1n })],
      drops: [aDropRow({ host: 'h1', port, slot, cause: 'no_mbuf' })],
    });
    for (const table of ['port_slot', 'drop_slot'])
      await engine.command(`ALTER TABLE ${table} ADD CONSTRAINT no_poison CHECK port != 'twice'`);
    const end = server.ingestStats().nextOffset;
    await bus.append('h1', message);
    await stored(end + 1n);
    const { items } = await api<DeadLetterPage>('GET', '/dead-letters?code=FN_STORE&limit=1');
    const path = `/dead-letters/${items[0]?.id}/replay`;
    await engine.command('ALTER TABLE port_slot DROP CONSTRAINT no_poison');
    const inserts = vi.spyOn(engine, 'insertFile');
    expect(await api('POST', path)).toMatchObject({ outcome: 'refused', code: 'FN_STORE' });
    await engine.command('ALTER TABLE drop_slot DROP CONSTRAINT no_poison');
    expect(await api('POST', path)).toMatchObject({ outcome: 'stored' });
    expect(inserts.mock.calls.filter(([{ table }]) => table === 'port_slot')).toHaveLength(1);
    inserts.mockRestore();
    const one = (name: keyof typeof before) => String(Number(before[name]) + 1);
    expect(await sums()).toEqual({ ticks: one('ticks'), rows: one('rows'), rolled: one('rolled') });
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
    expect(await sums()).toMatchObject({ ticks: String(kinds + 12) });
    // Had the first one not been noted (a crash in between), the message itself is known.
    await bus.append('h1', late);
    await stored(end + 2n);
    expect(await sums()).toMatchObject({ ticks: String(kinds + 12) });
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
