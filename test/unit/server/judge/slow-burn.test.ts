import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SlowBurn } from '../../../../server/judge/slow-burn.ts';
import { readObjective } from '../../../../server/openslo/objective-file.ts';
import type { Exclusion, Objective, SliName } from '../../../../server/slo/objective.ts';
import { piecesOf } from '../../../../server/slo/pieces.ts';
import type { SlotsFile } from '../../../../server/slo/slots-reader.ts';
import { Cuts } from '../../../../server/slo/spans.ts';
import {
  type Asked,
  ask,
  excluded,
  gap,
  type Line,
  november,
  objectiveText,
  read,
  seen,
  textOf,
  unseen,
} from '../slo/asking.ts';

const numRuns = Number(process.env['FOURNINES_RUNS'] ?? 6);
const days3 = 259_200;
/** End of the newest minute that a history begins with: no whole five minutes. */
const now = november + 4 * 86_400 + 7 * 60;
const from = now - days3 - 1800;

const step = fc.record({
  kind: fc.constantFrom('good', 'good', 'good', 'lossy', 'some', 'gap', 'gap', 'unknown', 'idle', 'nothing', 'huge'),
  /** Of each 12: short ones are many, some are hours. */
  length: fc.oneof(
    fc.integer({ min: 1, max: 90 }),
    fc.integer({ min: 1, max: 90 }),
    fc.integer({ min: 60, max: 20_000 }),
  ),
  lost: fc.integer({ min: 0, max: 400 }),
});
const path = fc.record({
  host: fc.constantFrom('a', 'b'),
  direction: fc.constantFrom('toGuest' as const, 'fromGuest' as const),
  lead: fc.integer({ min: 0, max: days3 }),
  steps: fc.array(step, { minLength: 5, maxLength: 120 }),
});
type PathDraw = typeof path extends fc.Arbitrary<infer P> ? P : never;

const histories = fc.record({
  paths: fc.array(path, { minLength: 1, maxLength: 4 }),
  /** The same with another end: late rows. */
  late: fc.record({
    path: fc.nat(3),
    cut: fc.integer({ min: 60, max: days3 }),
    steps: fc.array(step, { maxLength: 20 }),
  }),
  exclusions: fc.array(fc.record({ back: fc.nat(days3), slots: fc.integer({ min: 1, max: 9000 }) }), { maxLength: 2 }),
  sli: fc.constantFrom('packetDelivery' as const, 'availability' as const, 'cleanSlots' as const),
  target: fc.constantFrom('0.9999', '0.99', '1'),
  window: fc.constantFrom('1d', '1h', 'rolling 2m', 'rolling 1h', 'rolling 1d', 'rolling 2d'),
  back: fc.integer({ min: 0, max: 10 }),
});

/** Lines of a path up to `now`, the last of them as long as it must be; the first are left out where there are too many. */
function linesOf({ host, direction, lead, steps }: PathDraw): Line[] {
  let slot = now - lead;
  const out: Line[] = [];
  for (const { kind, length, lost } of steps) {
    const slots = Math.min(length, now + 600 - slot);
    if (slots <= 0) break;
    const over = { host, direction };
    const repeat = { ...over, repeat: slots };
    if (kind === 'good') out.push(seen(slot, 1000, 0, repeat));
    else if (kind === 'lossy') out.push(seen(slot, 1000, 1000, repeat));
    else if (kind === 'some') out.push(seen(slot, 1000, lost, repeat));
    else if (kind === 'huge') out.push(seen(slot, 1n << 60n, lost, repeat));
    else if (kind === 'idle') out.push(seen(slot, 3, 0, repeat));
    else if (kind === 'unknown') out.push(unseen(slot, slots, over));
    else if (kind === 'gap') out.push(gap(slot, slots, 1000 * slots, Math.min(lost, slots), over));
    slot += slots;
  }
  return out;
}

function fill(burn: SlowBurn, file: SlotsFile, exclusions: readonly Exclusion[], first: number, behind: number): void {
  const cuts = new Cuts(undefined, exclusions);
  const view = { from: burn.held.from - 300, to: behind };
  const all = file.paths.map((path) => [...piecesOf(file, path, cuts, view)]);
  const done = new Set<number>();
  const wanted = [{ from: first, to: behind }];
  for (let each = wanted.pop(); each !== undefined; each = wanted.pop()) {
    for (let slot = Math.max(each.from, burn.held.from); slot < each.to; ) {
      const span = burn.spanOf(slot) ?? { from: slot, to: slot + 60 };
      slot = span.to;
      if (done.has(span.from)) continue;
      done.add(span.from);
      const pieces = all.map((path) => path.filter(({ from, to }) => from < span.to && to > span.from));
      const more = burn.set(span, pieces);
      if (more !== undefined) wanted.push(more);
    }
  }
}

function expectSame(
  burn: SlowBurn,
  lines: readonly Line[],
  asked: Asked,
  exclusions: readonly Exclusion[],
  at: number,
): void {
  const told = burn.tiers(at);
  expect(told.map(({ tier }) => tier)).toEqual(['T2', 'T3', 'T4']);
  const asks = new Map(
    [...new Set(told.map((each) => each.at))].map((instant) => [
      instant,
      ask(lines, asked, { at: instant, exclusions }),
    ]),
  );
  for (const each of told) {
    expect(each.at % (each.tier === 'T4' ? 300 : 60)).toBe(0);
    expect(at - each.at).toBeLessThan(each.tier === 'T4' ? 300 : 60);
    const wanted = asks.get(each.at)?.burn.find(({ tier }) => tier === each.tier);
    expect(each).toEqual({ ...wanted, at: each.at });
  }
}

function askedOf(sli: SliName, target: string, window: string): Asked {
  if (window.startsWith('rolling ')) return { sli, target, rolling: window.slice(8) };
  // Hours that begin within a minute.
  return { sli, target, calendar: [window, '2026-11-01 00:00:20', 'UTC'] };
}

const objectiveOf = (asked: Asked): Objective => readObjective('slo.yaml', objectiveText(asked));

describe('slow burn rates', () => {
  test('are those of evaluate on the same rows, minute by minute, also once late rows are in', () => {
    fc.assert(
      fc.property(histories, ({ paths, late, exclusions, sli, target, window, back }) => {
        const unique = [...new Map(paths.map((each) => [`${each.host} ${each.direction}`, each])).values()];
        const lines = unique.flatMap(linesOf);
        if (lines.length === 0) return;
        const spans = exclusions.map(({ back: far, slots }) => excluded(now - far, now - far + slots));
        const asked = askedOf(sli, target, window);
        const burn = new SlowBurn(objectiveOf(asked), now);
        const file = read(textOf(lines), ['p1'], 1 << 20);
        fill(burn, file, spans, from, now);
        expectSame(burn, lines, asked, spans, now - 60 * back);
        // Two minutes later.
        fill(burn, file, spans, now, now + 120);
        expectSame(burn, lines, asked, spans, now + 120);

        // One path is told otherwise from some slot on.
        const [changed] = unique.splice(late.path % unique.length, 1) as [PathDraw];
        const before = linesOf(changed).filter((line) => Date.parse(line['slot'] as string) / 1000 < now - late.cut);
        const last = before.at(-1);
        const told = Number(last?.['repeat'] ?? last?.['slots'] ?? 0);
        const end = last === undefined ? now - late.cut : Date.parse(last['slot'] as string) / 1000 + told;
        const rest = linesOf({ ...changed, lead: now - end, steps: late.steps });
        const newer = [...unique.flatMap(linesOf), ...before, ...rest];
        if (!newer.some((line) => line['direction'] === changed.direction)) return;
        fill(burn, read(textOf(newer), ['p1'], 1 << 20), spans, end, now + 120);
        expectSame(burn, newer, asked, spans, now + 60);
      }),
      { numRuns },
    );
  });

  test('a minute that was never set is not known', () => {
    const asked: Asked = { sli: 'packetDelivery' };
    const burn = new SlowBurn(objectiveOf(asked), now);
    expect(burn.tiers(now).map(({ state }) => state)).toEqual(['frozen', 'frozen', 'frozen']);
    const lines = [seen(now - 3600, 1000, 0, { repeat: 3600 })];
    fill(burn, read(textOf(lines), ['p1'], 1 << 20), [], now - 1860, now);
    expect(burn.tiers(now).map(({ state }) => state)).toEqual(['quiet', 'frozen', 'frozen']);
  });

  test('only whole spans are taken', () => {
    const burn = new SlowBurn(objectiveOf({}), now);
    expect(() => burn.set({ from: now - 30, to: now + 30 }, [])).toThrow(RangeError);
    expect(() => burn.set({ from: now - 86_400 - 60, to: now - 86_400 }, [])).toThrow(RangeError);
    expect(burn.spanOf(now - days3 - 86_400)).toBeUndefined();
  });
});
