import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SocketDiscovery } from '../../../../../collector/sources/dpdk-telemetry/discovery.ts';
import { lookAtProcess } from '../../../../../collector/sources/dpdk-telemetry/processes.ts';
import {
  basicStatsOf,
  commandsOf,
  ethdevInfoOf,
  lcoreUsageOf,
  mempoolInfoOf,
  poolNamesOf,
  portIdsOf,
} from '../../../../../collector/sources/dpdk-telemetry/replies.ts';
import { commandsThatFit, planRound } from '../../../../../collector/sources/dpdk-telemetry/round-plan.ts';
import { Told } from '../../../../../collector/sources/dpdk-telemetry/told.ts';
import { XstatsReader } from '../../../../../collector/sources/dpdk-telemetry/xstats.ts';
import type { TelemetryReply } from '../../../../../native/facade.ts';

const golden = new URL('../../../../golden/dpdk/', import.meta.url);

interface Capture {
  readonly replies: Readonly<Record<string, string>>;
}

function capture(name: string): Capture {
  return JSON.parse(readFileSync(new URL(name, golden), 'utf8')) as Capture;
}

/** A reply as the addon gives it: flat objects of integers as columns, all else as text. */
function replyOf(command: string, raw: string): TelemetryReply {
  const value = raw.slice(raw.indexOf(':') + 1, -1);
  const base = { command, status: 'ok' as const, wallNs: 0n, monoNs: 0n, spanNs: 0n };
  if (!/^\{("[^"]*":\d+,?)*\}$/.test(value)) return { ...base, names: null, values: null, text: value };
  const pairs = [...value.matchAll(/"([^"]*)":(\d+)/g)];
  const values = BigUint64Array.from(pairs, ([, , digits]) => BigInt(digits ?? 0));
  return { ...base, names: pairs.map(([, name]) => name ?? ''), values, text: null };
}

const text = (value: string): TelemetryReply => replyOf('/x', `{"/x":${value}}`);

describe('replies of real and written captures', () => {
  const real = capture('testpmd-22.11-null.json').replies;
  const written = capture('written-25.11.json').replies;
  const of = (replies: Capture['replies'], command: string) => replyOf(command, replies[command] ?? '');

  it('tell the basic statistics with their queues before 25.11, and without them after', () => {
    const stats = basicStatsOf(of(real, '/ethdev/stats,0'));
    expect(stats).toMatchObject({ ipackets: 1_037_824n, opackets: 29_312n, imissed: 0n, rxNombuf: 0n });
    expect(stats?.queues?.ipackets).toHaveLength(16);
    expect(stats?.queues?.ipackets.reduce((sum, one) => sum + one, 0n)).toBe(stats?.ipackets);
    const newer = basicStatsOf(of(written, '/ethdev/stats,0'));
    expect(newer).toMatchObject({ ipackets: 18_446_744_073_709_551_615n, imissed: 12n, queues: undefined });
  });

  it('tell devices, pools, commands and lcores', () => {
    expect(portIdsOf(of(real, '/ethdev/list'))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(commandsOf(of(real, '/'))?.has('/ethdev/xstats')).toBe(true);
    expect(poolNamesOf(of(real, '/mempool/list'))).toEqual(['mb_pool_0']);
    expect(ethdevInfoOf(of(real, '/ethdev/info,0'))).toEqual({
      name: 'net_null0',
      mac: 'ce:0f:4f:1f:cc:49',
      mtu: 1500,
      numa: 0,
      rxQueues: 4,
      txQueues: 4,
      state: 1,
      isStarted: true,
    });
    expect(mempoolInfoOf(of(real, '/mempool/info,mb_pool_0'))).toBeUndefined();
    expect(mempoolInfoOf(of(written, '/mempool/info,mb_pool_0'))).toEqual({ size: 16_384n, free: 16_352n });
    expect(lcoreUsageOf(of(written, '/eal/lcore/usage'))).toEqual([
      { lcore: 1, total: 18_446_744_073_709_551_000n, busy: 5_000n },
      { lcore: 3, total: 77n, busy: 0n },
    ]);
  });

  it.each([
    ['a number without an end', portIdsOf, '[1,2'],
    ['an id beyond 16 bits', portIdsOf, '[65536]'],
    ['an id that is no integer', portIdsOf, '[1.5]'],
    ['a name with a control character', ethdevInfoOf, '{"name":"a\\u0000b"}'],
    ['no name', ethdevInfoOf, '{"state":1}'],
    ['more free than there are', mempoolInfoOf, '{"name":"p","size":1,"total_cache_count":1,"common_pool_count":1}'],
    ['lists of different lengths', lcoreUsageOf, '{"lcore_ids":[1],"total_cycles":[],"busy_cycles":[1]}'],
    ['a counter beyond 64 bits', basicStatsOf, '{"ipackets":18446744073709551616,"q":[]}'],
  ] as const)('are none with %s', (_, parse, value) => {
    expect(parse(text(value))).toBeUndefined();
  });

  it('never throw, whatever became of them on the way', () => {
    const parsers = [basicStatsOf, commandsOf, ethdevInfoOf, lcoreUsageOf, mempoolInfoOf, poolNamesOf, portIdsOf];
    const replies = [...Object.values(real), ...Object.values(written)];
    const mutation = fc.tuple(
      fc.constantFrom(...replies),
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.string({ maxLength: 4 })), { maxLength: 8 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(mutation, ([reply, splices, end]) => {
        let mutated = reply.slice(0, Math.ceil(reply.length * end));
        for (const [where, what] of splices) {
          const at = Math.floor(mutated.length * where);
          mutated = mutated.slice(0, at) + what + mutated.slice(at + what.length);
        }
        for (const parse of parsers) {
          expect(() => parse(replyOf('/x', mutated))).not.toThrow();
          expect(() => parse(text(mutated))).not.toThrow();
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('XstatsReader', () => {
  const reply = (values: Record<string, bigint>, hidesZero: boolean) => ({
    names: Object.keys(values),
    values: BigUint64Array.from(Object.values(values)),
    hidesZero,
    mayBeShorter: true,
    bytesMax: 16_384,
  });

  it('knows an absent counter for zero only when zeros were left out and its name is known', () => {
    const reader = new XstatsReader();
    reader.read(reply({ a: 1n, b: 0n }, false));
    expect(reader.read(reply({ a: 2n }, true)).values).toEqual(new Map(Object.entries({ a: 2n, b: 0n })));
    expect(reader.read(reply({ a: 2n }, false)).values).toEqual(new Map(Object.entries({ a: 2n })));
  });

  it('takes the first of two values under one name', () => {
    const values = BigUint64Array.from([1n, 2n]);
    const read = new XstatsReader().read({ ...reply({}, false), names: ['a', 'a'], values });
    expect(read.values).toEqual(new Map([['a', 1n]]));
  });

  it('has to see every name again once the device was set up anew', () => {
    const reader = new XstatsReader();
    reader.read(reply({ a: 1n, b: 0n }, false));
    expect(reader.mayHideZero).toBe(true);
    reader.forget();
    expect(reader.mayHideZero).toBe(false);
    expect(reader.read(reply({ a: 2n }, true)).values).toEqual(new Map([['a', 2n]]));
  });
});

describe('planRound', () => {
  const never = Number.NEGATIVE_INFINITY;
  const ports = (count: number, at = never) =>
    Array.from({ length: count }, (_, id) => ({ id, statsAt: at, xstatsAt: at, infoAt: 100, hidesZero: false }));
  const base = {
    boundary: 105,
    ports: ports(4),
    knowsCommands: true,
    mempools: [],
    mempoolsAt: 104,
    lcoresAt: 104,
    tellsLcores: false,
    commandsMax: 100,
    spreadLeast: 1,
  };

  it.each([
    [4, 100, 1],
    [40, 100, 2],
    [30, 64, 2],
    [60, 100, 5],
  ])('spreads the extended counters of %i devices over ticks when %i commands fit', (count, commandsMax, spread) => {
    const plan = planRound({ ...base, ports: ports(count), commandsMax });
    expect(plan.spread).toBe(spread);
    expect(plan.questions.length).toBeLessThanOrEqual(commandsMax);
    expect(plan.questions.filter(({ about }) => about === 'stats')).toHaveLength(count);
  });

  it('keeps to a slower pace than it would need', () => {
    const plan = planRound({ ...base, ports: ports(10), spreadLeast: 3 });
    expect(plan).toMatchObject({ spread: 3, spreadNeeded: 1 });
    expect(plan.questions.filter(({ about }) => about === 'xstats')).toHaveLength(4);
  });

  it('asks those who waited longest first, and leaves nobody out for ever', () => {
    const state = ports(50, 0);
    const counts = state.map(() => 0);
    for (let boundary = 1; boundary <= 60; boundary++) {
      const { questions } = planRound({ ...base, boundary, ports: state, commandsMax: 20 });
      for (const question of questions) {
        if (question.about === 'stats') (state[question.portId] as { statsAt: number }).statsAt = boundary;
        if (question.about !== 'xstats') continue;
        (state[question.portId] as { xstatsAt: number }).xstatsAt = boundary;
        counts[question.portId] = (counts[question.portId] ?? 0) + 1;
      }
      expect(questions.length).toBeLessThanOrEqual(22);
    }
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  it.each([
    [350, 0.03, 2048],
    [350, 10, 17],
    [0, 10, 8],
    [350, 0, 2048],
  ])('takes half of %i ms for commands of %f ms', (budgetMs, commandMs, expected) => {
    expect(commandsThatFit(budgetMs, commandMs)).toBe(expected);
  });
});

describe('Told', () => {
  it('takes what was not kept for untold', () => {
    const told = new Told();
    told.begin();
    expect(told.isNews('a', '1')).toBe(true);
    told.begin();
    told.kept();
    expect(told.isNews('a', '1')).toBe(true);
    told.kept();
    expect(told.isNews('a', '1')).toBe(false);
    expect(told.subjects('')).toEqual(['a']);
    expect(told.isNews('a', null)).toBe(true);
    told.kept();
    expect(told.subjects('')).toEqual([]);
  });
});

describe('lookAtProcess', () => {
  const threads = [
    [10, 'dpdk (test) pmd', 100],
    [11, 'telemetry-v2', 100],
    [12, 'dpdk-telemet-v2', 300],
    [13, 'telemetry-v2', 200],
    [14, 'telemetry-v1', 400],
  ] as const;

  it('takes the telemetry thread that was started last for the one that answers', () => {
    const root = mkdtempSync(join(tmpdir(), 'fn-look-'));
    try {
      for (const [tid, name, start] of threads) {
        const folder = join(root, '10', 'task', String(tid));
        mkdirSync(folder, { recursive: true });
        const stat = `${tid} (${name}) S ${'0 '.repeat(18)}${start} ${'0 '.repeat(16)}3 0`;
        for (const [file, text] of Object.entries({ comm: `${name}\n`, stat })) {
          writeFileSync(join(folder, file), text);
          if (tid === 10) writeFileSync(join(root, '10', file), text);
        }
      }
      expect(lookAtProcess(root, 10)).toEqual({ comm: 'dpdk (test) pmd', startTicks: '100', telemetryTid: 12 });
      expect(lookAtProcess(root, 11)).toBeUndefined();
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

describe('SocketDiscovery', () => {
  let root: string;
  let discovery: SocketDiscovery;
  const servers: Server[] = [];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'fn-find-'));
  });
  afterEach(async () => {
    discovery.stop();
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    rmSync(root, { recursive: true, force: true });
  });

  async function listen(path: string): Promise<void> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    servers.push(server);
  }

  it('finds the sockets of every prefix and number, once, and nothing else', async () => {
    for (const prefix of ['b', 'a', 'c d']) mkdirSync(join(root, 'run', prefix), { recursive: true });
    symlinkSync(join(root, 'run'), join(root, 'same'));
    for (const name of ['a/dpdk_telemetry.v2', 'a/dpdk_telemetry.v2:1', 'a/telemetry', 'b/dpdk_telemetry.v3']) {
      await listen(join(root, 'run', name));
    }
    await listen(join(root, 'run', 'c d', 'dpdk_telemetry.v2'));
    discovery = new SocketDiscovery([join(root, 'run'), join(root, 'same'), join(root, 'none')]);
    const { sockets, leftOut } = discovery.scan();
    expect(sockets.map(({ prefix, number }) => [prefix, number])).toEqual([
      ['a', 0],
      ['a', 1],
      ['c d', 0],
    ]);
    expect(leftOut).toBe(0);
  });

  it('leaves out, and counts, what no socket address can hold', async () => {
    const prefix = 'p'.repeat(100);
    mkdirSync(join(root, prefix));
    // Made under a short name: bind has the same bound.
    symlinkSync(join(root, prefix), join(root, 's'));
    await listen(join(root, 's', 'dpdk_telemetry.v2'));
    discovery = new SocketDiscovery([root]);
    expect(discovery.scan()).toEqual({ sockets: [], leftOut: 1 });
  });

  it('says where something happened, in folders that came later too', async () => {
    discovery = new SocketDiscovery([root]);
    discovery.start();
    discovery.scan();
    const changedOnce = async () => {
      let changed: ReadonlySet<string> = new Set();
      await vi.waitUntil(
        () => {
          const now = discovery.takeChanged();
          changed = now.size > 0 ? now : changed;
          return changed.size > 0;
        },
        { timeout: 5000 },
      );
      return changed;
    };
    mkdirSync(join(root, 'tp'));
    expect([...(await changedOnce())]).toEqual([root]);
    discovery.scan();
    await listen(join(root, 'tp', 'dpdk_telemetry.v2'));
    expect([...(await changedOnce())]).toContain(join(root, 'tp'));
    expect(discovery.scan().sockets).toHaveLength(1);
  });
});
