import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tick } from '../../core/catalogue/kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import type { DayRows, PortRow } from '../../server/seal/day-rows.ts';
import { exportSlots, planExport } from '../../server/seal/export-slots.ts';
import { readRows, readSummedRows } from '../../server/seal/read-rows.ts';
import { sealDocument } from '../../server/seal/seal-document.ts';
import { Sealer } from '../../server/seal/sealer.ts';
import { packetsPerSecondMax } from '../../server/seal/shared-loss.ts';
import { decodeLine } from '../../server/seal/slot-line.ts';
import { Uplinks } from '../../server/seal/uplinks.ts';
import { aDay, aRow, histories } from '../unit/server/seal/histories.ts';
import { insertDay } from './day-fixture.ts';
import { insertRows, type OpenStore, openStore, today } from './store-fixture.ts';
import { insertUplinkFacts, received } from './uplink-fixture.ts';

const daySeconds = 86_400;
const yesterday = today - daySeconds;
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

async function seal(): Promise<void> {
  const folder = mkdtempSync(join(store.folder, 'seal-'));
  const nowMs = () => (today + 4 * 3600) * 1000;
  const sealer = new Sealer({ store: { engine: store.engine }, folder, logger: silentLogger, nowMs });
  await sealer.look(never);
  expect(sealer.stats.failures).toBe(0);
}

async function listSeals(host: string): Promise<{ port: string; revision: number; sha256: string }[]> {
  const sql = 'SELECT port, revision, sha256 FROM seal WHERE host = {host:String} ORDER BY port, direction, entry';
  return (await store.engine.query(sql, { host }, { deadlineMs: 10_000 })) as Awaited<ReturnType<typeof listSeals>>;
}

async function exported(
  host: string,
  port: string,
  source: 'raw' | 'seals',
  window: { from: number; to: number; run: number },
) {
  const request = { host, port, direction: undefined, ...window, source, nowSeconds: today };
  let text = '';
  for await (const some of exportSlots(store, await planExport(store, request), request)) text += some;
  return text.split('\n').filter((line) => line !== '');
}

/** Clean, but for an idle hour and a second that lost something. */
const full = aDay(
  Array.from({ length: daySeconds }, (_, i) =>
    aRow(i, {
      packets: i >= 10_800 && i < 14_400 ? BigInt(i % 10) : 1_000n + BigInt(i % 7),
      dropsOutside: i === 15_000 ? 3n : 0n,
    }),
  ),
);
const [other] = fc.sample(histories, { numRuns: 1, seed: 7 }) as [DayRows];

describe('what an uplink lost', () => {
  const guest = { host: 'h3', port: 'vhu0', direction: 'toGuest' } as const;
  const window = { from: yesterday, to: today };
  const nic = { host: 'h3', port: 'nic0' };
  const lost = (at: number, over: Partial<PortRow>): PortRow => ({ ...(full.ports[at] as PortRow), ...over });
  const uplink: DayRows = {
    ...full,
    direction: 'rx',
    ports: [
      ...full.ports.slice(0, 20_000).map((row) => ({ ...row, dropsOutside: 0n })),
      lost(20_000, { dropsOutside: 6n }),
      lost(20_001, { state: 'bridged', slots: 300, dropsOutside: 5n }),
      lost(20_301, { state: 'unknown', slots: 4 }),
      // A clock that was set back: another row knows that second.
      lost(100, { suspect: true, dropsOutside: 9n }),
    ],
  };
  const sharedOf = async (source: 'raw' | 'seals') => {
    const lines = (await exported('h3', 'vhu0', source, { ...window, run: 0 })).map(decodeLine);
    const shares = lines.flatMap((line) => {
      const isShared = (line.state === 'observed' || line.state === 'bridged') && line.shared > 0n;
      return isShared ? [{ at: line.slot - yesterday, slots: line.slots, shared: line.shared }] : [];
    });
    const from = (first: number, to: number) => shares.filter(({ at }) => at >= first && at < to);
    const sum = (some: typeof shares) => some.reduce((all, { slots, shared }) => all + BigInt(slots) * shared, 0n);
    return {
      first: shares[0]?.at,
      one: sum(from(20_000, 20_001)),
      gap: sum(from(20_001, 20_301)),
      unknown: sum(from(20_301, 86_400)),
    };
  };
  const expected = { first: 20_000, one: 6n, gap: 1_500n, unknown: 4n * packetsPerSecondMax };

  beforeAll(async () => {
    await insertUplinkFacts(store, 'h3', ['vhu0']);
    await insertDay(store, yesterday, guest, { ...full, direction: 'toGuest' });
    await insertDay(store, yesterday, nic, received(uplink));
    await insertDay(store, yesterday, { host: 'h3', port: 'nic1' }, received(other));
    await tickAt('h3', today);
  });

  test('is in the seconds of a guest beside it, raw and sealed alike, and no other second is kept one by one for it', async () => {
    expect(await sharedOf('raw')).toEqual(expected);
    await seal();
    expect(await sharedOf('seals')).toEqual(expected);
    const summed = await readSummedRows(store, guest, window, 900, new Uplinks());
    // All but the quarter in which the guest lost, and the one in which the uplink did.
    expect(summed.sums).toHaveLength(94);
    const place = { entry: 1, previous: null, revision: 1, revises: null };
    const whole = await readRows(store, guest, window, new Uplinks());
    expect(sealDocument(guest, summed, place)).toEqual(sealDocument(guest, whole, place));
  });

  test('concerns nothing that came from a guest, and no guest of another datapath', async () => {
    const uplinks = new Uplinks();
    expect(await uplinks.beside(store, guest)).toEqual(['nic0']);
    expect(await uplinks.beside(store, { ...guest, direction: 'fromGuest' })).toEqual([]);
    expect(await uplinks.beside(store, { ...guest, port: 'nic1' })).toEqual([]);
    expect(await uplinks.beside(store, { ...guest, host: 'h4' })).toEqual([]);
  });

  test('a gap of it that is told late makes a revision of every guest beside it', async () => {
    const before = await listSeals('h3');
    await insertDay(store, yesterday, nic, {
      ...uplink,
      ports: [lost(30_000, { state: 'bridged', slots: 2, dropsOutside: 8n })],
    });
    await seal();
    const revised = (await listSeals('h3')).filter(({ sha256 }) => !before.some((seal) => seal.sha256 === sha256));
    expect(revised.filter(({ port }) => port === 'vhu0').map(({ revision }) => revision)).toEqual([2]);
    expect((await sharedOf('seals')).unknown).toBe(expected.unknown + 16n);
  });
});
