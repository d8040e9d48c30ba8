import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dropSlot, hostFact, portSlot, tick } from '../../core/catalogue/kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { attributionKind } from '../../server/attribution/attribution-table.ts';
import { Attributor, type AttributorOptions } from '../../server/attribution/attributor.ts';
import { decodeEvidence, encodeEvidence, evidenceId } from '../../server/attribution/evidence-text.ts';
import { attribute } from '../../server/attribution/rules.ts';
import { readCauses } from '../../server/breach/read-causes.ts';
import { StoredChanges } from '../../server/judge/stored-changes.ts';
import { slotsOfDay } from '../../server/seal/day-slots.ts';
import { readRows, readSummedRows } from '../../server/seal/read-rows.ts';
import { countedOf } from '../../server/seal/slot-line.ts';
import { Uplinks } from '../../server/seal/uplinks.ts';
import { attributionList } from '../../server/store/queries/attributions.ts';
import { runQuery } from '../../server/store/run-query.ts';
import { absence, anEvidence } from '../unit/server/attribution/an-evidence.ts';
import { aDropSlot, aPortSlot, insertRows, type OpenStore, openStore, today } from './store-fixture.ts';

let store: OpenStore;
/** Ports that were set up and whose guests were disconnected. */
const absent = ['down', 'edge', 'other', 'first', 'second', 'settle', 'again', 'seen', 'beside'];
beforeAll(async () => {
  store = await openStore();
  const at = { host: 'h1', at: BigInt((noon - 3_600) * 1000), witness: 'ovsdb' };
  const facts = absent.flatMap((port) => [
    { ...at, name: `port.${port}.admin`, value: 'up' },
    { ...at, name: `port.${port}.link`, value: 'down' },
  ]);
  await insertRows(store, hostFact, facts);
});
afterAll(() => store[Symbol.asyncDispose]());

/** Yesterday at noon: raw rows live 7 days, and nothing here is of the present minute. */
const noon = today - 43_200;
const signal = AbortSignal.timeout(120_000);
const nowMs = () => (noon + 3_600) * 1000;

type Versions = Awaited<ReturnType<AttributorOptions['objects']['within']>>;

function anAttributor(name: string, versions: Versions = [], over: Partial<AttributorOptions> = {}): Attributor {
  const objects = { within: async () => versions };
  const folder = join(store.folder, `owners-${name}`);
  const ready = async () => undefined;
  return new Attributor({ store, objects, ready, folder, logger: silentLogger, nowMs, ...over });
}

/** Rows that are not there yet when the attributor begins are looked at; those before it are not. */
async function afterBeginning(attributor: Attributor, work: () => Promise<void>): Promise<void> {
  await attributor.look(signal);
  await work();
  await attributor.look(signal);
}

const known = { direction: 'toGuest', packetsInc: 100n, dropsOutsideInc: 0n, dropsInsideInc: 0n } as const;

/** Two minutes of a path, with losses in some seconds, and a row of causes over five of them. */
async function insertPath(
  port: string,
  losses: Readonly<Record<number, bigint>>,
  causes: readonly { readonly at: number; readonly slots?: number; readonly cause: string; readonly packets: bigint }[],
  from = noon,
): Promise<void> {
  const seconds = Array.from({ length: 120 }, (_, i) =>
    aPortSlot({ ...known, port, slot: from + i, dropsOutsideInc: losses[i] ?? 0n }),
  );
  await insertRows(store, portSlot, seconds);
  const rows = causes.map(({ at, slots = 5, cause, packets }) =>
    aDropSlot({
      ...{ direction: 'toGuest', port, cause, slot: from + at, slots, packetsInc: packets },
      state: slots === 1 ? 'observed' : 'bridged',
    }),
  );
  await insertRows(store, dropSlot, rows);
}

async function stored(port: string) {
  const window = { from: noon - 86_400, to: noon + 86_400 };
  return runQuery(store, attributionList, { host: 'h1', port, ...window, limit: 5_000 });
}

/** Drops of each second that lost something, as its line says them. */
async function lost(port: string, read: 'raw' | 'summed' = 'raw', from = noon, to = noon + 120): Promise<string[]> {
  const path = { host: 'h1', port, direction: 'toGuest' } as const;
  const rows =
    read === 'raw'
      ? await readRows(store, path, { from, to }, new Uplinks())
      : await readSummedRows(store, path, { from, to }, 60, new Uplinks());
  return slotsOfDay(rows).lines.flatMap((line) => {
    if (line.state !== 'observed' || line.drops.length === 0) return [];
    return [
      `${line.slot - noon} ${line.drops.map(({ cause, owner, packets }) => `${cause}:${owner}=${packets}`).join(' ')}`,
    ];
  });
}

describe('owners that are stored', () => {
  test('come back with the evidence that they rest on, and it gives them again', async () => {
    const attributor = anAttributor('round');
    await afterBeginning(attributor, () =>
      insertPath('round', { 10: 3n }, [{ at: 10, slots: 1, cause: 'no_mbuf', packets: 3n }]),
    );
    const [row, ...more] = await stored('round');
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      cause: 'no_mbuf',
      packets: '3',
      unknown: '3',
      revision: 1,
      rule: 'none',
      missing: 'rule',
    });
    const inputs = row?.inputs ?? '';
    expect(evidenceId(inputs)).toBe(row?.evidence);
    const evidence = decodeEvidence(inputs);
    expect(encodeEvidence(evidence)).toBe(inputs);
    expect(attribute(evidence)).toMatchObject({ rule: 'none', packets: { unknown: 3n } });
    expect(attributor.stats).toMatchObject({ rows: 1, revisions: 0, failures: 0 });
  });

  test('every kind of evidence comes back from its text as it was', () => {
    for (const evidence of [
      anEvidence(),
      anEvidence({ offered: [null], rings: null, guest: null, pmds: null, absence: absence() }),
    ])
      expect(decodeEvidence(encodeEvidence(evidence))).toEqual(evidence);
  });

  test('a guest that was away is offered nothing: its packets leave what counts', async () => {
    await afterBeginning(anAttributor('down'), () =>
      insertPath('down', { 10: 40n, 11: 7n }, [{ at: 9, cause: 'vhost_down', packets: 47n }]),
    );
    expect(await lost('down')).toEqual(['10 vhost_down:contract=40', '11 vhost_down:contract=7']);
    const rows = await readRows(
      store,
      { host: 'h1', port: 'down', direction: 'toGuest' },
      { from: noon, to: noon + 60 },
      new Uplinks(),
    );
    const [line] = slotsOfDay(rows).lines.filter(({ slot }) => slot === noon + 10);
    expect(line?.state === 'observed' && countedOf(line)).toEqual({ offered: 100n, bad: 0n });
  });

  test('told by the datapath it names the ports that had no counters, and none that had', async () => {
    const attributor = anAttributor('beside');
    const datapath = 'netdev@ovs-netdev';
    const facts = ['there', 'gone', 'elsewhere'].flatMap((port) => [
      { name: `port.${port}.datapath`, value: port === 'elsewhere' ? 'netdev@other' : datapath },
      { name: `port.${port}.type`, value: 'dpdkvhostuserclient' },
    ]);
    const at = { host: 'h1', at: BigInt((noon - 3_600) * 1000), witness: 'dpctl/show' };
    await insertRows(
      store,
      hostFact,
      facts.map((fact) => ({ ...at, ...fact })),
    );
    await afterBeginning(attributor, async () => {
      await insertPath('there', {}, []);
      // Its last second before the guest left.
      await insertRows(store, portSlot, [aPortSlot({ ...known, port: 'gone', slot: noon + 30 })]);
      const down = { port: datapath, direction: 'rx', cause: 'vhost_down', place: 'beside', slots: 5 } as const;
      await insertRows(store, dropSlot, [aDropSlot({ ...down, state: 'bridged', slot: noon + 30, packetsInc: 9n })]);
    });
    const [row] = await stored(datapath);
    expect(row).toMatchObject({ contract: '9', rule: 'notOffered', missing: '' });
    expect(JSON.parse(row?.facts ?? '{}')).toMatchObject({ why: 'notOffered', ports: 'gone' });
  });

  test('a port that was set down in between is nobody’s: who ordered it is not told', async () => {
    const at = BigInt((noon + 41) * 1000);
    await insertRows(store, hostFact, [
      { host: 'h1', at: BigInt((noon - 3_600) * 1000), name: 'port.set.admin', value: 'up', witness: 'ovsdb' },
      { host: 'h1', at: BigInt((noon - 3_600) * 1000), name: 'port.set.link', value: 'up', witness: 'ovsdb' },
      { host: 'h1', at, name: 'port.set.admin', value: 'down', witness: 'ovsdb' },
      { host: 'h1', at, name: 'port.set.link', value: 'down', witness: 'ovsdb' },
    ]);
    await afterBeginning(anAttributor('set'), () =>
      insertPath('set', { 41: 6n }, [{ at: 39, cause: 'vhost_down', packets: 6n }]),
    );
    expect(await stored('set')).toMatchObject([{ unknown: '6', missing: 'whoseOrder' }]);
  });

  test('a port whose state was first told in the middle of it is nobody’s: what held before is not known', async () => {
    const told = { host: 'h1', at: BigInt((noon + 41) * 1000), witness: 'ovsdb' };
    await insertRows(store, hostFact, [
      { ...told, name: 'port.midway.admin', value: 'up' },
      { ...told, name: 'port.midway.link', value: 'down' },
    ]);
    await afterBeginning(anAttributor('midway'), () =>
      insertPath('midway', { 41: 6n }, [{ at: 39, cause: 'vhost_down', packets: 6n }]),
    );
    expect(await stored('midway')).toMatchObject([{ unknown: '6', missing: 'portState' }]);
  });

  test('owners of a second are the same from whichever window it is read', async () => {
    const causes = [
      { at: 58, cause: 'vhost_down', packets: 12n },
      { at: 63, cause: 'vhost_down', packets: 4n },
    ];
    await afterBeginning(anAttributor('edge'), () => insertPath('edge', { 59: 5n, 61: 7n, 64: 4n }, causes));
    const whole = await lost('edge');
    expect(whole).toEqual(['59 vhost_down:contract=5', '61 vhost_down:contract=7', '64 vhost_down:contract=4']);
    expect(await lost('edge', 'summed')).toEqual(whole);
    const halves = [
      ...(await lost('edge', 'raw', noon, noon + 60)),
      ...(await lost('edge', 'raw', noon + 60, noon + 120)),
    ];
    expect(halves).toEqual(whole);
  });

  test('an interval that is told otherwise than it was attributed has no owner until it is attributed again', async () => {
    const attributor = anAttributor('other');
    await afterBeginning(attributor, () =>
      insertPath('other', { 20: 5n }, [{ at: 19, cause: 'vhost_down', packets: 5n }]),
    );
    expect(await lost('other')).toEqual(['20 vhost_down:contract=5']);
    // A row that says the interval once more, and differently.
    const again = { direction: 'toGuest', port: 'other', cause: 'vhost_down', state: 'bridged', slots: 5 } as const;
    await insertRows(store, dropSlot, [aDropSlot({ ...again, slot: noon + 19, packetsInc: 6n })]);
    await attributor.look(signal);
    expect(await lost('other')).toEqual(['20 pending:unknown=5']);
  });

  test('what a limit took is the contract’s up to what was offered above the rate', async () => {
    const at = { version: 1, from: 0, to: null, sha256: '', witness: '', recordedAtMs: 0 };
    const placements = [{ host: 'h1', port: 'shaped', from: null, to: null }];
    const versions = [
      {
        kind: 'service',
        name: 'acme',
        ...at,
        body: { displayName: '', tenant: 't', ports: [{ name: 'p', placements }] },
      },
      {
        kind: 'contract',
        name: 'gold',
        ...at,
        body: { service: 'acme', rates: [{ direction: 'toGuest', committedPps: '100', burstPackets: '5' }], items: [] },
      },
    ] satisfies Versions;
    // 100 pass in each second; in one 8 more are offered, and 5 of the burst are saved up.
    await afterBeginning(anAttributor('shaped', versions), () =>
      insertPath('shaped', { 30: 8n }, [{ at: 30, slots: 1, cause: 'shaper', packets: 8n }]),
    );
    expect(await lost('shaped')).toEqual(['30 shaper:contract=3 shaper:unknown=5']);
  });

  test('a ring that was not sampled leaves its loss unknown, and says what was missing', async () => {
    await afterBeginning(anAttributor('ring'), () =>
      insertPath('ring', { 30: 8n }, [{ at: 30, slots: 1, cause: 'vhost_ring_full', packets: 8n }]),
    );
    expect(await lost('ring')).toEqual(['30 vhost_ring_full:unknown=8']);
    expect(await stored('ring')).toMatchObject([{ rule: 'ringFull', missing: 'ringSamples guest pmdThreads' }]);
  });
});

test('what ran beside a breach has the owners that rules gave, and what nobody was given is unknown', async () => {
  const attributor = anAttributor('beside');
  await afterBeginning(attributor, () =>
    insertPath('beside', { 12: 7n, 22: 5n }, [
      { at: 10, cause: 'vhost_down', packets: 7n },
      { at: 20, cause: 'other', packets: 5n },
    ]),
  );
  const placed = [{ name: 'p', host: 'h1', port: 'beside', from: 0, to: Number.POSITIVE_INFINITY }];
  const none = { provider: '0', tenant: '0', contract: '0', unknown: '0' };
  expect(await readCauses(store, placed, { from: noon, to: noon + 120 })).toMatchObject([
    { cause: 'vhost_down', packets: '7', owners: { ...none, contract: '7' } },
    { cause: 'other', packets: '5', owners: { ...none, unknown: '5' } },
  ]);
});

describe('an attributor', () => {
  test('makes a revision of what rests on rows that came late, and of nothing else', async () => {
    const attributor = anAttributor('late');
    await attributor.look(signal);
    const ring = { direction: 'toGuest', port: 'late', cause: 'vhost_ring_full' } as const;
    await insertRows(store, dropSlot, [aDropSlot({ ...ring, slot: noon + 30, packetsInc: 8n })]);
    await attributor.look(signal);
    expect(await stored('late')).toMatchObject([{ revision: 1, missing: expect.stringContaining('offered') }]);
    await attributor.look(signal);
    expect(await stored('late')).toMatchObject([{ revision: 1 }]);
    await insertRows(store, portSlot, [aPortSlot({ ...known, port: 'late', slot: noon + 30, dropsOutsideInc: 8n })]);
    await attributor.look(signal);
    const [revised] = await stored('late');
    expect(revised).toMatchObject({ revision: 2, missing: 'ringSamples guest pmdThreads' });
    expect(attributor.stats).toMatchObject({ revisions: 1 });
    // Rows of the minute that change nothing of it.
    await insertRows(store, portSlot, [aPortSlot({ ...known, port: 'elsewhere', slot: noon + 31 })]);
    await attributor.look(signal);
    expect(await stored('late')).toMatchObject([{ revision: 2, evidence: revised?.evidence }]);
  });

  test('goes on where another process was', async () => {
    const first = anAttributor('first');
    await afterBeginning(first, () => insertPath('first', { 5: 1n }, [{ at: 4, cause: 'vhost_down', packets: 1n }]));
    // Stored while no attributor ran.
    await insertPath('second', { 5: 2n }, [{ at: 4, cause: 'vhost_down', packets: 2n }]);
    expect(await stored('second')).toEqual([]);
    await anAttributor('first').look(signal);
    expect(await stored('second')).toMatchObject([{ contract: '2', revision: 1 }]);
    expect(await stored('first')).toMatchObject([{ contract: '1', revision: 1 }]);
  });

  test('waits until what rules read of an interval can be there', async () => {
    let now = noon + 2_000;
    const attributor = anAttributor('settle', [], { nowMs: () => now * 1000 });
    await attributor.look(signal);
    const down = { direction: 'toGuest', port: 'settle', cause: 'vhost_down' } as const;
    await insertRows(store, dropSlot, [aDropSlot({ ...down, slot: now, packetsInc: 8n })]);
    now += 3;
    await attributor.look(signal);
    expect(await stored('settle')).toEqual([]);
    now += 1;
    await attributor.look(signal);
    expect(await stored('settle')).toMatchObject([{ contract: '8' }]);
  });

  test('a look that failed is done again', async () => {
    let away = false;
    const objects = {
      within: async () => {
        if (away) throw new Error('away');
        return [];
      },
    };
    const attributor = anAttributor('again', [], { objects });
    await attributor.look(signal);
    away = true;
    await insertPath('again', { 5: 2n }, [{ at: 4, cause: 'vhost_down', packets: 2n }]);
    await expect(attributor.look(signal)).rejects.toThrow('away');
    away = false;
    await attributor.look(signal);
    expect(await stored('again')).toMatchObject([{ contract: '2' }]);
  });

  test('is seen by those who follow what is stored: they read its quarter again', async () => {
    const at = noon + 900;
    await insertPath('seen', { 0: 2n }, [{ at: 0, cause: 'vhost_down', packets: 2n }], at);
    await insertRows(store, tick, [
      {
        host: 'h1',
        slot: at,
        bootId: 'b',
        stream: 's',
        seq: 1n,
        wallNs: 0n,
        monoNs: 0n,
        gatherNs: 0n,
        skipped: 0,
        cpuNs: 0n,
        rssBytes: 0n,
      },
    ]);
    const changes = new StoredChanges();
    await changes.look(store, Date.now());
    const before = await runQuery(store, attributionList, {
      host: 'h1',
      port: 'seen',
      from: at,
      to: at + 60,
      limit: 10,
    });
    expect(before).toEqual([]);
    await anAttributor('seen').look(signal);
    const rows = await runQuery(store, attributionList, { host: 'h1', port: 'seen', from: at, to: at + 60, limit: 10 });
    expect(rows).toHaveLength(1);
    const touched = await changes.peek(store, Date.now());
    expect(touched.newestMs).toBe(BigInt(rows[0]?.storedAtMs ?? 0));
    // The row begins with its quarter: a second before it may have a new owner, too.
    expect(touched.quarters.get('h1')).toEqual(expect.arrayContaining([noon, at]));
  });

  test('the table has the columns that are written to it', async () => {
    const columns = await store.engine.query('DESCRIBE TABLE attribution', {}, { deadlineMs: 10_000 });
    const names = (columns as { name: string }[]).map(({ name }) => name);
    const written = attributionKind.columns.map(({ name }) =>
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    );
    expect(names).toEqual([...written, 'stored_at']);
  });
});
