import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FastBurn } from '../../../../server/judge/fast-burn.ts';
import { readObjective } from '../../../../server/openslo/objective-file.ts';
import { aPortRow, type PortRow } from '../../../fakes/tick-message.ts';
import { type Asked, ask, objectiveText } from '../slo/asking.ts';
import { base, type History, histories, linesOf, type Told } from './histories.ts';

const numRuns = Number(process.env['FOURNINES_RUNS'] ?? 40);

const asked = fc.record({
  sli: fc.constantFrom('packetDelivery' as const, 'availability' as const, 'cleanSlots' as const),
  lossRatioMax: fc.constantFrom('0', '0.10', '0.02', '0.3333333333'),
  target: fc.constantFrom('0.9999', '0.999', '0.9', '1'),
  rolling: fc.constantFrom('2m', '1d', undefined),
});
type Drawn = typeof asked extends fc.Arbitrary<infer A> ? A : never;

function askedOf({ rolling, ...rest }: Drawn, ports: readonly string[]): Asked {
  // A calendar window that begins in mid-history: gaps are cut there.
  const window = rolling === undefined ? { calendar: ['1h', '2026-11-01 00:03:20', 'UTC'] as const } : { rolling };
  // Clean slots cannot promise that nothing is lost.
  const lossRatioMax = rest.sli === 'cleanSlots' && rest.lossRatioMax === '0' ? '0.0001' : rest.lossRatioMax;
  return { ...rest, ...window, lossRatioMax, ports };
}

/** Ports without any row: a file of slots must not name them. */
function heardOf(told: readonly Told[], history: History): string[] {
  const text = linesOf(told, history.ports);
  return ['p1', 'p2'].filter((port) => text.includes(`"${port}"`));
}

function burnOf(history: History, told: readonly Told[], drawn: Drawn, ports: readonly string[], at: number) {
  const lines = linesOf(told, history.ports);
  return ask(lines, askedOf(drawn, ports), { at, exclusions: history.exclusions }).burn.slice(0, 2);
}

const take = (burn: FastBurn, { port, drop, atSecond }: Told) => {
  const row = port ?? drop;
  if (row === undefined) return;
  const rows = { ports: port === undefined ? [] : [port], drops: drop === undefined ? [] : [drop] };
  burn.take({ host: row.host, slot: row.slot + row.slots - 1, rows }, atSecond);
};

describe('fast burn rates', () => {
  test('are those of evaluate on the same rows, at any instant, whatever came late, twice or from two hosts', () => {
    fc.assert(
      fc.property(histories, asked, fc.nat(), fc.nat(60), fc.boolean(), (history, drawn, cut, back, early) => {
        const until = history.told.length === 0 ? 0 : 1 + (cut % history.told.length);
        const told = history.told.slice(0, until);
        const ports = heardOf(told, history);
        if (ports.length === 0) return;
        const objective = readObjective('slo.yaml', objectiveText(askedOf(drawn, ports)));
        const terms = { objective, ports: history.ports, exclusions: history.exclusions };
        const burn = new FastBurn();
        burn.set({ ...terms, exclusions: early ? history.exclusions : [] });
        for (const row of told) take(burn, row);
        if (!early) burn.set(terms);
        expect(burn.stats.late + burn.stats.ahead).toBe(0);
        const end = told.reduce((most, row) => Math.max(most, row.atSecond), 0);
        const at = end - back;
        const wanted = burnOf(history, told, drawn, ports, at);
        expect(burn.tiers('acme', at)).toEqual(wanted.map((tier) => ({ ...tier, at })));
      }),
      { numRuns },
    );
  });

  /** One port on host a, one row a second from `base` on, half of it lost from second 100 on. */
  const placements = [{ host: 'a', port: 'eth0', from: null, to: null }];
  const objective = readObjective('slo.yaml', objectiveText({ rolling: '1d' }));
  const second = (at: number, over: Partial<PortRow> = {}): Told => {
    const lost = at < 100 ? 0n : 500n;
    const incs = { packetsInc: 1000n - lost, dropsOutsideInc: lost, dropsInsideInc: 0n };
    return { atSecond: base + at + 1, port: aPortRow({ host: 'a', slot: base + at, ...incs, ...over }) };
  };
  function heard(seconds: number): FastBurn {
    const burn = new FastBurn();
    burn.set({ objective, ports: [{ name: 'p1', placements }], exclusions: [] });
    for (let at = 0; at < seconds; at++) take(burn, second(at));
    return burn;
  }
  const states = (burn: FastBurn, at: number) => burn.tiers('acme', at).map(({ state }) => state);

  test('six lossy seconds fire; a host that falls silent freezes a tier and never calms it', () => {
    const burn = heard(106);
    expect(states(burn, base + 105)).toEqual(['quiet', 'frozen']);
    expect(states(burn, base + 106)).toEqual(['firing', 'frozen']);
    // Nothing more comes: first the old instant holds, then slots are missing.
    expect(burn.asOf('acme', base + 106)).toBe(base + 106);
    expect(burn.asOf('acme', base + 112)).toBe(base + 106);
    expect(burn.asOf('acme', base + 130)).toBe(base + 120);
    expect(states(burn, base + 120)).toEqual(['frozen', 'frozen']);
  });

  test('a port that was never heard, and a path that was heard before, are not known', () => {
    const burn = heard(60);
    expect(states(burn, base + 60)).toEqual(['quiet', 'frozen']);
    burn.set({
      objective,
      ports: [{ name: 'p1', placements }],
      exclusions: [],
      paths: [{ port: 'p1', direction: 'tx' }],
    });
    expect(states(burn, base + 60)).toEqual(['frozen', 'frozen']);
    const other = { ...objective, name: 'other', ports: ['p1', 'p2'] };
    burn.set({ objective: other, ports: [{ name: 'p1', placements }], exclusions: [] });
    expect(burn.tiers('other', base + 60).map(({ state }) => state)).toEqual(['frozen', 'frozen']);
    burn.remove('other');
    expect(burn.tiers('other', base + 60)).toEqual([]);
  });

  test('what is too old or too far ahead is counted and left out', () => {
    const burn = heard(60);
    const before = burn.tiers('acme', base + 60);
    take(burn, { ...second(5000), atSecond: base + 60 });
    expect(burn.stats).toMatchObject({ rows: 60, ahead: 1, late: 0 });
    expect(burn.asOf('acme', base + 60)).toBe(base + 60);
    take(burn, { ...second(-600), atSecond: base + 60 });
    expect(burn.stats).toMatchObject({ rows: 60, ahead: 1, late: 1 });
    expect(burn.tiers('acme', base + 60)).toEqual(before);
  });

  test('a placement that is over is not waited for', () => {
    const burn = new FastBurn();
    const moved = [
      { host: 'a', port: 'eth0', from: null, to: base + 30 },
      { host: 'b', port: 'eth0', from: base + 30, to: null },
    ];
    burn.set({ objective, ports: [{ name: 'p1', placements: moved }], exclusions: [] });
    for (let at = 0; at < 60; at++) take(burn, second(at, { host: at < 30 ? 'a' : 'b' }));
    expect(burn.asOf('acme', base + 60)).toBe(base + 60);
    expect(burn.tiers('acme', base + 60)[0]).toMatchObject({ long: { bad: '0', total: '60' }, state: 'quiet' });
  });
});
