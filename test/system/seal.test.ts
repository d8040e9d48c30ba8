import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fc from 'fast-check';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { portSlot, tick } from '../../core/catalogue/kinds.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import type { ApiContext } from '../../server/api/context.ts';
import { problemHandler } from '../../server/api/problem.ts';
import { sealRoutes } from '../../server/api/routes/seals.ts';
import type { SealPage } from '../../server/api/schema/seals.ts';
import type { DayRows, PortRow } from '../../server/seal/day-rows.ts';
import { exportSlots, planExport } from '../../server/seal/export-slots.ts';
import { readRows, readSummedRows } from '../../server/seal/read-rows.ts';
import { sealDocument } from '../../server/seal/seal-document.ts';
import { Sealer, type SealerOptions } from '../../server/seal/sealer.ts';
import { decodeLine, sumsOf } from '../../server/seal/slot-line.ts';
import { Uplinks } from '../../server/seal/uplinks.ts';
import type { Engine } from '../../server/store/engine.ts';
import { aCause, dayStart, histories } from '../unit/server/seal/histories.ts';
import { insertDay } from './day-fixture.ts';
import { aPortSlot, count, insertRows, type OpenStore, openStore, today, until } from './store-fixture.ts';

const daySeconds = 86_400;
const yesterday = today - daySeconds;
const before = yesterday - daySeconds;
const dateOf = (second: number) => new Date(second * 1000).toISOString().slice(0, 10);
const never = new AbortController().signal;
let store: OpenStore;

beforeAll(async () => {
  store = await openStore();
});
afterAll(() => store[Symbol.asyncDispose]());

/** The host has told everything up to `slot`. */
async function tickAt(host: string, slot: number): Promise<void> {
  const beat = { bootId: 'b', stream: 's', seq: 0n, wallNs: 0n, monoNs: 0n, gatherNs: 0n, skipped: 0, cpuNs: 0n };
  await insertRows(store, tick, [{ host, slot, ...beat, rssBytes: 0n }]);
}

type SealerOver = Partial<Pick<SealerOptions, 'inTurn' | 'silentSeconds'>> & { engine?: Engine; nowMs?: number };

function aSealer(options: SealerOver = {}): Sealer {
  const nowMs = options.nowMs ?? (today + 4 * 3600) * 1000;
  const folder = mkdtempSync(join(store.folder, 'seal-'));
  return new Sealer({
    store: { engine: options.engine ?? store.engine },
    folder,
    logger: silentLogger,
    nowMs: () => nowMs,
    silentSeconds: options.silentSeconds ?? 10 * daySeconds,
    inTurn: options.inTurn,
    turnMs: 50,
  });
}

const drawn = fc.sample(histories, { numRuns: 12, seed: 7 });
const ports = drawn.map((_, i) => `p${i}`);
const full: DayRows = {
  ...(drawn[0] as DayRows),
  direction: 'rx',
  entering: [],
  causes: [],
  ports: Array.from({ length: daySeconds }, (_, i) => ({
    slot: dayStart + i,
    slots: 1,
    state: 'observed',
    suspect: false,
    // Idle in the fourth hour, lossy in one second of the fifth.
    packets: i >= 10_800 && i < 14_400 ? BigInt(i % 10) : 1_000n + BigInt(i % 7),
    dropsOutside: i === 15_000 ? 3n : 0n,
    dropsInside: 0n,
  })),
};

/** Clean quarters of which something else speaks, too: each must be read row by row. */
const disturbed: DayRows = {
  ...full,
  direction: 'tx',
  ports: [
    ...full.ports.slice(0, 7_200).map((row) => ({ ...row, packets: 100n, dropsOutside: 0n })),
    { ...(full.ports[1_795] as PortRow), slots: 10, state: 'bridged' as const },
  ],
  causes: [
    aCause(3_000, { place: 'beside', state: 'bridged', slots: 2, packets: 4n }),
    aCause(4_000, { place: 'beside', state: 'unknown', packets: 0n }),
    aCause(5_000, { place: 'beside', packets: 2n }),
    aCause(6_000, { place: 'beside', suspect: true }),
  ],
  entering: [{ slot: dayStart - 5, slots: 7 }],
};

async function listSeals(host: string): Promise<{ port: string; day: string; revision: number; sha256: string }[]> {
  const rows = await store.engine.query(
    'SELECT port, toString(toDate(day)) AS day, revision, sha256 FROM seal WHERE host = {host:String} ORDER BY port, direction, entry',
    { host },
    { deadlineMs: 10_000 },
  );
  return rows as { port: string; day: string; revision: number; sha256: string }[];
}

/** What an export has of one port, without the rows before the window. */
async function exported(
  host: string,
  port: string,
  source: 'raw' | 'seals',
  { from, to, run }: { from: number; to: number; run: number } = { from: before, to: today, run: 0 },
) {
  const request = { host, port, direction: undefined, from, to, source, run, nowSeconds: today };
  const plan = await planExport(store, request);
  let text = '';
  for await (const some of exportSlots(store, plan, request)) text += some;
  return text.split('\n').filter((line) => line !== '');
}

describe('sealing', () => {
  beforeAll(async () => {
    for (const [i, day] of drawn.entries()) {
      await insertDay(store, before, { host: 'h1', port: `p${i}` }, day);
      await insertDay(store, yesterday, { host: 'h1', port: `p${i}` }, drawn[(i + 1) % drawn.length] as DayRows);
    }
    await insertDay(store, yesterday, { host: 'h1', port: 'full' }, full);
    await insertDay(store, yesterday, { host: 'h1', port: 'disturbed' }, disturbed);
  });

  test('quarters and minutes that the store sums up give the same seal as all rows read one by one', async () => {
    const place = { entry: 1, previous: null, revision: 1, revises: null };
    const byHand: Readonly<Record<string, DayRows>> = { full, disturbed };
    for (const port of [...ports, 'full', 'disturbed']) {
      const { direction } = byHand[port] ?? (drawn[(ports.indexOf(port) + 1) % drawn.length] as DayRows);
      const path = { host: 'h1', port, direction };
      const window = { from: yesterday, to: yesterday + 86_400 };
      const whole = await readRows(store, path, window, new Uplinks());
      const [quarters, minutes] = [
        await readSummedRows(store, path, window, 900, new Uplinks()),
        await readSummedRows(store, path, window, 60, new Uplinks()),
      ];
      for (const summed of [quarters, minutes]) {
        expect(sealDocument(path, summed, place)).toEqual(sealDocument(path, whole, place));
      }
      if (port === 'full') expect([quarters.sums.length, quarters.ports.length]).toEqual([95, 900]);
      if (port === 'disturbed') expect([quarters.sums.length, quarters.ports.length]).toEqual([1, 6_301]);
    }
  });

  test('waits for the host to tell the whole day and for late rows, but not for ever for a silent host', async () => {
    const sealedDays = async () => new Set((await listSeals('h1')).map(({ day }) => day));
    await aSealer().look(never);
    expect(await listSeals('h1')).toEqual([]);
    await tickAt('h1', today);
    await aSealer({ nowMs: (today + 3600) * 1000 }).look(never);
    expect([...(await sealedDays())].filter((day) => day >= dateOf(before))).toEqual([dateOf(before)]);
    await aSealer().look(never);
    expect([...(await sealedDays())].filter((day) => day >= dateOf(before)).toSorted()).toEqual([
      dateOf(before),
      dateOf(yesterday),
    ]);
    await insertDay(store, yesterday, { host: 'silent', port: 'p0' }, full);
    await aSealer({ silentSeconds: 5 * 3600 }).look(never);
    expect(await listSeals('silent')).toEqual([]);
    await aSealer({ silentSeconds: 4 * 3600 }).look(never);
    expect(await listSeals('silent')).toHaveLength(1);
  });

  test('is done in turn only: another server that has it is waited for, and one that lost it stops', async () => {
    const turn = new AbortController();
    const begun = Promise.withResolvers<void>();
    let others = 0;
    const sealer = aSealer({
      inTurn: async (signal, work) => {
        // The first time somebody else has it.
        if (others++ === 0) return;
        begun.resolve();
        await work(AbortSignal.any([signal, turn.signal]));
      },
    });
    await sealer.start();
    expect(sealer.stats.lookedAtMs).toBe(0);
    await begun.promise;
    await until(() => sealer.stats.lookedAtMs > 0);
    turn.abort(new Error('somebody else has it now'));
    await sealer.stop();
    expect(sealer.stats.failures).toBe(0);
  });

  test('is done once, whoever looks again', async () => {
    const once = await listSeals('h1');
    await aSealer().look(never);
    expect(await listSeals('h1')).toEqual(once);
  });

  test('exports equal sums and equally many slots of each kind from raw rows and from seals', async () => {
    for (const port of [...ports, 'full']) {
      const raw = await exported('h1', port, 'raw');
      const sealed = await exported('h1', port, 'seals');
      expect(sumsOf(sealed.map(decodeLine))).toEqual(sumsOf(raw.map(decodeLine)));
      expect(sealed.length).toBeLessThanOrEqual(raw.length);
    }
    expect(await exported('h1', 'full', 'seals')).toHaveLength(98);
  });

  test('rows before the window are as many as the state at its start needs', async () => {
    const window = { from: yesterday + 15_020, to: yesterday + 15_030 };
    expect(await exported('h1', 'full', 'raw', { ...window, run: 0 })).toHaveLength(10);
    const lines = (await exported('h1', 'full', 'raw', { ...window, run: 10 })).map(decodeLine);
    expect([lines.length, lines[0]?.slot]).toEqual([20, yesterday + 15_010]);
    // Before the lossy second there is no run of 30; before that are the idle hour and a clean one, in a sealed run.
    const sealed = { from: yesterday + 15_300, to: yesterday + 16_200, run: 400 };
    expect((await exported('h1', 'full', 'seals', sealed)).map(decodeLine)[0]?.slot).toBe(yesterday + 14_400);
  });

  test('a row that comes late makes a revision; the older seal stays as it was', async () => {
    const earlier = await listSeals('h1');
    await insertRows(store, portSlot, [
      aPortSlot({ port: 'full', slot: before + 7, dropsOutsideInc: 0n, dropsInsideInc: 0n }),
    ]);
    await insertRows(store, portSlot, [
      aPortSlot({ port: 'full', slot: yesterday + 15_000, packetsInc: 1_006n, dropsOutsideInc: 4n }),
    ]);
    const sealer = aSealer();
    await sealer.look(never);
    expect(sealer.stats).toMatchObject({ seals: 2, revisions: 1, failures: 0 });
    const now = await listSeals('h1');
    for (const seal of earlier) expect(now).toContainEqual(seal);
    expect(now.filter(({ port }) => port === 'full').map(({ day, revision }) => [day, revision])).toEqual([
      [dateOf(yesterday), 1],
      [dateOf(before), 1],
      [dateOf(yesterday), 2],
    ]);
    // Two rows tell that second differently now: nobody knows which is right.
    const sums = sumsOf((await exported('h1', 'full', 'seals')).map(decodeLine));
    expect(sums).toEqual(sumsOf((await exported('h1', 'full', 'raw')).map(decodeLine)));
    expect(sums).toMatchObject({ unknown: 1, drops: 0n });
  });

  test('goes on after a kill between the lines and their seals; nothing is there twice', async () => {
    await insertDay(store, yesterday, { host: 'h2', port: 'p0' }, { ...(drawn[2] as DayRows), entering: [] });
    await tickAt('h2', today);
    const { engine } = store;
    const dying = {
      query: engine.query.bind(engine),
      insertFile: async (insert: Parameters<Engine['insertFile']>[0], options: Parameters<Engine['insertFile']>[1]) => {
        if (insert.table === 'seal') throw new FourninesError('FN_STORE_AWAY', 'killed');
        await engine.insertFile(insert, options);
      },
    } as Engine;
    const killed = aSealer({ engine: dying });
    await killed.look(never);
    expect(killed.stats).toMatchObject({ seals: 0, failures: 1, lastErrorCode: 'FN_STORE_AWAY' });
    const lines = await count(engine, "seal_row WHERE host = 'h2'");
    expect(lines).toBeGreaterThan(0);
    await aSealer().look(never);
    expect(await listSeals('h2')).toHaveLength(1);
    expect(await count(engine, "seal_row WHERE host = 'h2'")).toBe(lines);
  });
});

describe('the commands', () => {
  const api = fastify().withTypeProvider<TypeBoxTypeProvider>();
  let url = '';
  beforeAll(async () => {
    api.setErrorHandler(problemHandler(silentLogger));
    const context = { store: { engine: store.engine }, nowMs: () => (today + 4 * 3600) * 1000 };
    await api.register(
      async (scope) => sealRoutes(scope.withTypeProvider<TypeBoxTypeProvider>(), context as unknown as ApiContext),
      {
        prefix: '/api/v1',
      },
    );
    url = await api.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => api.close());

  async function fournines(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, ['cli/main.ts', ...words, '--server', url]);
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text;
    });
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, out, err };
  }

  const iso = (second: number) => new Date(second * 1000).toISOString();
  const day = ['--host', 'h1', '--port', 'full', '--from', iso(yesterday), '--to', iso(today)];

  test('export-slots writes the file from raw rows or seals, and prints the command that checks the seals', async () => {
    const file = join(store.folder, 'slots.ndjson');
    const raw = await fournines('export-slots', ...day, '--run', '0', '--out', file, '--json');
    expect([raw.code, raw.err]).toEqual([0, '']);
    const told = JSON.parse(raw.out) as { lines: number; rawDays: number; sealedDays: number; verify: string };
    expect(told).toMatchObject({ rawDays: 1, sealedDays: 0 });
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(told.lines).toBe(lines.length);
    const sealed = await fournines('export-slots', ...day, '--run', '0', '--source', 'seals');
    expect(sealed.err).toContain('from seals: 1');
    expect(sumsOf(sealed.out.trimEnd().split('\n').map(decodeLine))).toEqual(sumsOf(lines.map(decodeLine)));
    const [, ...verb] = told.verify.split(' ');
    expect(await fournines(...verb)).toMatchObject({ code: 0, err: '' });
  });

  test('an end inside a sealed run is refused, and an unknown port', async () => {
    const ask = async (port: string, source: string) => {
      const query = new URLSearchParams({ host: 'h1', port, from: iso(yesterday + 100), to: iso(today), source });
      const response = await fetch(`${url}/api/v1/slots?${query}`);
      return [response.status, response.ok ? '' : ((await response.json()) as { code: string }).code];
    };
    expect(await ask('full', 'seals')).toEqual([400, 'FN_QUERY_PARAMETER']);
    expect(await ask('px', 'seals')).toEqual([404, 'FN_NOT_FOUND']);
  });

  test('seals are listed page by page', async () => {
    const page = async (cursor?: string) =>
      (await (
        await fetch(`${url}/api/v1/seals?host=h1&limit=10${cursor === undefined ? '' : `&cursor=${cursor}`}`)
      ).json()) as SealPage;
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const { items, nextCursor } = await page(cursor ?? undefined);
      seen.push(...items.map(({ sha256 }) => sha256));
      cursor = nextCursor;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual((await listSeals('h1')).map(({ sha256 }) => sha256).toSorted());
  });

  test('verify-seals finds a changed packet, and says where', async () => {
    await store.engine.command(
      'ALTER TABLE seal_row UPDATE line = replaceOne(line, \'"offered":"\', \'"offered":"1\') ' +
        "WHERE host = 'h1' AND port = 'full' AND n = 3 SETTINGS mutations_sync = 2",
    );
    const { code, out } = await fournines('verify-seals', '--host', 'h1', '--json');
    expect(code).toBe(1);
    const { paths } = JSON.parse(out) as { paths: { path: string; holds: boolean; break: unknown }[] };
    expect(paths.filter(({ holds }) => !holds)).toMatchObject([
      { path: 'h1 full rx', break: { entry: 1, what: 'its bytes do not have its hash' } },
    ]);
  });
});
