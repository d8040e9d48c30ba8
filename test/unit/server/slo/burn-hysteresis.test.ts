import { describe, expect, test } from 'vitest';
import { burnRule, burnTierOf, type TierName, type TimedBurnTier } from '../../../../server/slo/burn.ts';
import { nextLevel, type TierLevel } from '../../../../server/slo/burn-hysteresis.ts';
import { parseDecimal, type Ratio } from '../../../../server/slo/decimal.ts';

const target = parseDecimal('0.9999') as Ratio;

/** Bad slots of the long and of the short window, all known; `?`: only a third is. */
type Seen = readonly [at: number, long: number, short: number, known?: '?'];

function tierAt(tier: TierName, [at, long, short, known]: Seen, of: Ratio): TimedBurnTier {
  const rule = burnRule(tier);
  const sums = (bad: number, slots: number) => {
    const seen = known === '?' ? Math.floor(slots / 3) : slots;
    return { bad: BigInt(bad), total: BigInt(seen), known: seen };
  };
  return { ...burnTierOf(rule, sums(long, rule.long), sums(short, rule.short), of), at };
}

function levels(tier: TierName, timeline: readonly Seen[], of: Ratio = target): string[] {
  let level: TierLevel | undefined;
  return timeline.map((seen) => {
    level = nextLevel(level, tierAt(tier, seen, of), of);
    return `${level.level}${level.frozen ? '?' : ''} ${level.since}`;
  });
}

describe('the level of a tier', () => {
  test('fires at once, is held, and is released when the short window burns at less than half', () => {
    // 10 % of 10 slots is one: the threshold itself; half of it is a twentieth.
    expect(
      levels('T0', [
        [100, 0, 0],
        [101, 5, 5],
        [102, 6, 6],
        [105, 6, 1],
        [111, 6, 0],
        [112, 6, 0],
      ]),
    ).toEqual(['quiet 100', 'quiet 100', 'firing 102', 'firing 102', 'firing 102', 'quiet 112']);
  });

  test('stays as long as the short window has half of the threshold, whatever the long one says', () => {
    // T2: 14.4 x 0.0001 of 300 slots is 0.432 of a slot: any lossy one is above half.
    expect(
      levels('T2', [
        [600, 20, 20],
        [900, 5, 1],
        [960, 0, 1],
        [1020, 0, 0],
      ]),
    ).toEqual(['firing 600', 'firing 600', 'firing 600', 'quiet 1020']);
    // T4 at 0.99: 1 % of 21,600 slots is 216, half is 108.
    const loose = parseDecimal('0.99') as Ratio;
    const wide: Seen[] = [
      [0, 3000, 300],
      [21_600, 3000, 108],
      [21_900, 3000, 107],
    ];
    expect(levels('T4', wide, loose)).toEqual(['firing 0', 'firing 0', 'quiet 21900']);
  });

  test.each([
    ['T0', 10],
    ['T1', 30],
    ['T2', 300],
    ['T3', 1800],
    ['T4', 21_600],
  ] as const)('%s fires for at least %i s', (tier, seconds) => {
    const all = burnRule(tier).short;
    expect(
      levels(tier, [
        [0, all, all],
        [seconds - 1, all, 0],
        [seconds, all, 0],
      ]),
    ).toEqual(['firing 0', 'firing 0', `quiet ${seconds}`]);
  });

  test('what is not known changes nothing, and counts as time', () => {
    expect(
      levels('T0', [
        [0, 0, 0, '?'],
        [1, 20, 10, '?'],
        [2, 20, 10],
        [20, 0, 0, '?'],
        [21, 0, 0],
        [22, 60, 10, '?'],
      ]),
    ).toEqual(['unknown? 0', 'unknown? 0', 'firing 2', 'firing? 2', 'quiet 21', 'quiet? 21']);
  });

  test('fewer than three bad never fire, and do not release', () => {
    const strict = parseDecimal('1') as Ratio;
    const seen: Seen[] = [
      [0, 2, 2],
      [1, 3, 2],
      [40, 2, 1],
      [41, 2, 0],
    ];
    // One bad slot reaches the threshold of a target that allows none.
    expect(levels('T0', seen, strict)).toEqual(['quiet 0', 'firing 1', 'firing 1', 'quiet 41']);
  });

  test('a clock that steps back holds the level', () => {
    expect(
      levels('T0', [
        [100, 60, 10],
        [50, 60, 0],
        [110, 60, 0],
      ]),
    ).toEqual(['firing 100', 'firing 100', 'quiet 110']);
  });
});
