import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FastBurn } from '../../../../server/judge/fast-burn.ts';
import { readObjective } from '../../../../server/openslo/objective-file.ts';
import { type Asked, ask, objectiveText } from '../slo/asking.ts';
import { type History, histories, linesOf, type Told } from './histories.ts';

const numRuns = Number(process.env['FOURNINES_RUNS'] ?? 40);

const asked = fc.record({
  sli: fc.constantFrom('packetDelivery' as const, 'availability' as const),
  lossRatioMax: fc.constantFrom('0', '0.10', '0.3333333333'),
  target: fc.constantFrom('0.9999', '0.999', '0.9', '1'),
  rolling: fc.constantFrom('2m', '1d', undefined),
});
type Drawn = typeof asked extends fc.Arbitrary<infer A> ? A : never;

function askedOf({ rolling, ...rest }: Drawn, ports: readonly string[]): Asked {
  // A calendar window that begins in mid-history: gaps are cut there.
  const window = rolling === undefined ? { calendar: ['1h', '2026-11-01 00:03:20', 'UTC'] as const } : { rolling };
  return { ...rest, ...window, ports };
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
});
