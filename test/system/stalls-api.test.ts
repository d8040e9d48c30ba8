import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { threadStall } from '../../core/catalogue/thread-kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import type { ApiContext } from '../../server/api/context.ts';
import { hostRoutes } from '../../server/api/routes/hosts.ts';
import type { StallList } from '../../server/api/schema/hosts.ts';
import { bareApi } from '../../server/api/server.ts';
import { insertRows, type OpenStore, openStore } from './store-fixture.ts';
import { aStall, ms, start } from './timeline-fixture.ts';

let store: OpenStore;
const api = bareApi(silentLogger);
const second = BigInt(start) * 1_000_000_000n;

beforeAll(async () => {
  store = await openStore();
  hostRoutes(api, { store, nowMs: () => (start + 3_600) * 1000 } as unknown as ApiContext);
  const wait = { fromNs: second + 2_000n * ms, stall: 'waiting' as const, goesOn: 1 };
  await insertRows(store, threadStall, [
    aStall(1, 9),
    // It may have lasted 20 ms, and nobody knows that it did.
    aStall(1, 9, { fromNs: second + 1_500n * ms, lowNs: 8n * ms, highNs: 24n * ms, waits: 3, stall: 'mixed' }),
    aStall(2, 9, { ...wait, toNs: second + 3_000n * ms, lowNs: 900n * ms, highNs: 1_000n * ms }),
    aStall(3, 9, { fromNs: second + 2_000n * ms, toNs: second + 3_400n * ms, lowNs: 1_300n * ms, highNs: 1_400n * ms }),
    aStall(3, 7, { role: 'vcpu', owner: 'vm1', lowNs: 2_000n * ms, highNs: 2_000n * ms }),
    aStall(5, 10, { lowNs: 2n * ms, highNs: 3n * ms }),
  ]);
});
afterAll(async () => {
  await api.close();
  await store[Symbol.asyncDispose]();
});

async function ask(query: Readonly<Record<string, string>>) {
  const iso = (at: number) => new Date((start + at) * 1000).toISOString().replace('.000Z', 'Z');
  const answer = await api.inject({
    ...{ method: 'GET', url: '/hosts/h1/stalls' },
    query: { from: iso(0), to: iso(10), ...query },
  });
  const body = answer.json() as StallList;
  return { status: answer.statusCode, more: body.more, stalls: body.stalls };
}

describe('stalls of a host', () => {
  test('are all told, the latest first, as they were', async () => {
    const { stalls } = await ask({});
    expect(stalls.map(({ tid, goesOn }) => [tid, goesOn])).toEqual([
      [10, false],
      [9, false],
      [7, false],
      [9, true],
      [9, false],
      [9, false],
    ]);
  });

  test('of polling threads, the longest first and each once: what went on is in its end', async () => {
    const { stalls } = await ask({ role: 'pmd', order: 'longest' });
    expect(stalls.map(({ tid, lowNs, highNs }) => [tid, lowNs, highNs])).toEqual([
      [9, String(1_300n * ms), String(1_400n * ms)],
      [9, String(8n * ms), String(24n * ms)],
      [9, String(5n * ms), String(6n * ms)],
      [10, String(2n * ms), String(3n * ms)],
    ]);
  });

  test('may have lasted so long: the upper bound decides, since the lower one would hide some', async () => {
    const { stalls } = await ask({ role: 'pmd', order: 'longest', leastMs: '20' });
    expect(stalls.map(({ lowNs }) => lowNs)).toEqual([String(1_300n * ms), String(8n * ms)]);
    expect((await ask({ role: 'pmd', leastMs: '2000' })).stalls).toEqual([]);
  });

  test('are bounded, and say that there are more', async () => {
    const { stalls, more } = await ask({ role: 'pmd', order: 'longest', limit: '1' });
    expect([stalls.length, more]).toEqual([1, true]);
    expect((await ask({ role: 'nobody' })).status).toBe(400);
    expect((await ask({ leastMs: '-1' })).status).toBe(400);
  });
});
