import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { datapathSlot } from '../../core/catalogue/datapath-kinds.ts';
import { dropSlot, portSlot, tick } from '../../core/catalogue/kinds.ts';
import { lastStored } from '../../server/store/queries/last-stored.ts';
import { runQuery } from '../../server/store/run-query.ts';
import { aDropSlot, aPortSlot, aSlot, insertRows, type OpenStore, openStore, today } from './store-fixture.ts';

let store: OpenStore;
beforeAll(async () => {
  store = await openStore();
});
afterAll(() => store[Symbol.asyncDispose]());

async function lastIn(from: number, to: number, host = ''): Promise<number> {
  const [row] = await runQuery(store, lastStored, { from, to, host });
  return Number(row?.atMs);
}

const minute = (n: number) => today + 60 * n;

const aTick = { host: 'h1', slot: minute(9), bootId: 'b', stream: 's', seq: 1n, wallNs: 0n, monoNs: 0n } as const;

const aDatapath = {
  ...aSlot,
  ...{ host: 'h1', datapath: 'netdev@ovs-netdev', ports: 2, unread: 0, flows: 1, inPackets: 5n, outPackets: 5n },
  ...{
    portDrops: 0n,
    residual: 0n,
    hold: 32n,
    hits: 5n,
    hitsInc: 5n,
    missed: 0n,
    missedInc: 0n,
    lost: 0n,
    lostInc: 0n,
  },
} as const;

describe('the instant since which no sum of a window has changed', () => {
  test('is unknown where nothing was stored', async () => {
    expect(await lastIn(minute(600), minute(601))).toBe(0);
  });

  test('moves with whatever goes into its minutes, and with nothing else', async () => {
    const bridged = { state: 'bridged', slot: minute(3) - 30, slots: 40 } as const;
    // A window of four minutes, and what can come into it.
    const steps: readonly [what: string, moves: boolean, put: (token: string) => Promise<void>][] = [
      ['a second of a port', true, (token) => insertRows(store, portSlot, [aPortSlot({ slot: minute(2) })], token)],
      ['a late second', true, (token) => insertRows(store, portSlot, [aPortSlot({ slot: minute(1) + 59 })], token)],
      ['a gap', true, (token) => insertRows(store, portSlot, [aPortSlot(bridged)], token)],
      ['drops', true, (token) => insertRows(store, dropSlot, [aDropSlot({ slot: minute(2) })], token)],
      ['drops over a gap', true, (token) => insertRows(store, dropSlot, [aDropSlot(bridged)], token)],
      ['a ledger row', true, (token) => insertRows(store, datapathSlot, [{ ...aDatapath, slot: minute(2) }], token)],
      [
        'a tick',
        true,
        (token) =>
          insertRows(
            store,
            tick,
            [{ ...aTick, slot: minute(2), gatherNs: 0n, skipped: 0, cpuNs: 0n, rssBytes: 0n }],
            token,
          ),
      ],
      [
        'an unknown second',
        true,
        (token) =>
          insertRows(
            store,
            portSlot,
            [aPortSlot({ slot: minute(2), state: 'unknown', packetsInc: null, bytesInc: null })],
            token,
          ),
      ],
      ['another minute', false, (token) => insertRows(store, portSlot, [aPortSlot({ slot: minute(5) })], token)],
      [
        'another host',
        false,
        (token) => insertRows(store, portSlot, [aPortSlot({ host: 'h2', slot: minute(2) })], token),
      ],
    ];
    let last = await lastIn(minute(1), minute(4), 'h1');
    for (const [what, moves, put] of steps) {
      // Instants are milliseconds.
      const before = Date.now();
      while (Date.now() === before);
      await put(`revision:${what.replaceAll(' ', '-')}`);
      const now = await lastIn(minute(1), minute(4), 'h1');
      expect([what, now > last]).toEqual([what, moves]);
      last = now;
      // Sent again after a lost answer, it is nothing new.
      await put(`revision:${what.replaceAll(' ', '-')}`);
      expect([what, await lastIn(minute(1), minute(4), 'h1')]).toEqual([what, last]);
    }
    expect(await lastIn(minute(1), minute(4))).toBeGreaterThan(last);
  });

  test('one insert that holds seconds and gaps leaves its instant in the minutes of both', async () => {
    const rows = [
      aPortSlot({ host: 'h3', slot: minute(20) }),
      aPortSlot({ host: 'h3', slot: minute(29) + 10, slots: 60, state: 'bridged' }),
    ];
    await insertRows(store, portSlot, rows, 'revision:both');
    expect(await lastIn(minute(20), minute(20) + 1, 'h3')).toBeGreaterThan(0);
    // A window that holds the gap wholly has its last second.
    expect(await lastIn(minute(29), minute(30) + 10, 'h3')).toBeGreaterThan(0);
    expect(await lastIn(minute(21), minute(29), 'h3')).toBe(0);
  });
});
