import { describe, expect, test } from 'vitest';
import { acceptsThroughput, lineRatePps, throughputSlot } from '../../../../server/sli/throughput.ts';
import type { Ratio } from '../../../../server/slo/decimal.ts';

const gigabit = 1_000_000_000n;
const tenPercent = { num: 1n, den: 10n };
const frames = (size: bigint, packets = 1000n) => ({ packets, bytes: size * packets, withFcs: true });
const line = lineRatePps(10n * gigabit, frames(64n)) as Ratio;
const floorOf = ({ num, den }: Ratio) => num / den;

describe('line rate', () => {
  test('the worked example: 10 Gbit/s and frames of 64 bytes', () => {
    // 10^13 / (8 x 84,000).
    expect(line).toEqual({ num: 10_000_000_000_000n, den: 672_000n });
    expect(floorOf(line)).toBe(14_880_952n);
  });

  test.each([
    // 10^10 / (8 x (S + 20)), sla §C.3.
    [10n, 128n, 8_445_945n],
    [10n, 256n, 4_528_985n],
    [10n, 512n, 2_349_624n],
    [10n, 1024n, 1_197_318n],
    [10n, 1518n, 812_743n],
    [25n, 64n, 37_202_380n],
    [100n, 64n, 148_809_523n],
  ])('%i Gbit/s at %i bytes: %i pps', (gbits, size, pps) => {
    expect(floorOf(lineRatePps(gbits * gigabit, frames(size)) as Ratio)).toBe(pps);
  });

  test('without the frame check sequence 4 bytes more are on the wire', () => {
    const counted = { packets: 1000n, bytes: 60_000n, withFcs: false };
    expect(lineRatePps(10n * gigabit, counted)).toEqual(line);
  });

  test('of a mix of sizes the mean counts, exactly', () => {
    // 28 x 64, 16 x 570, 4 x 1,518 bytes: 16,984 of 48 frames. 10^10 x 48 / (8 x (16,984 + 960)).
    const mix = { packets: 48n, bytes: 16_984n, withFcs: true };
    expect(floorOf(lineRatePps(10n * gigabit, mix) as Ratio)).toBe(3_343_736n);
  });

  test('no frames have no size', () => expect(lineRatePps(gigabit, frames(64n, 0n))).toBeUndefined());
});

test.each([
  // The worked example: 0.9 x 14,880,952.38 = 13,392,857.14.
  [13_392_858n, true],
  [13_392_857n, false],
  [14_880_952n, true],
])('a rate of %i without loss is accepted: %s', (ndr, accepted) => {
  expect(acceptsThroughput(ndr, line, tenPercent)).toBe(accepted);
});

describe('in service', () => {
  const terms = { line, committedPps: undefined, lossRatioMax: tenPercent };
  test.each([
    // The worked example.
    [14_000_000n, 12_600_000n, undefined, 'good'],
    [14_000_000n, 12_599_999n, undefined, 'bad'],
    [10_000_000n, 10_000_000n, undefined, 'notExercised'],
    [10_000_000n, 10_000_000n, 10_000_000n, 'good'],
    // 0.9 of the line's rate is 13,392,857.14 packets.
    [13_392_857n, 0n, undefined, 'notExercised'],
    [13_392_858n, 0n, undefined, 'bad'],
    // Loss while little was offered says nothing about capacity.
    [1000n, 0n, 10_000_000n, 'notExercised'],
    [10_000_000n, 8_999_999n, 10_000_000n, 'bad'],
    // More than the line carries is due up to its rate: 0.9 x 14,880,952.38.
    [15_000_000n, 13_392_858n, undefined, 'good'],
    [15_000_000n, 13_392_857n, undefined, 'bad'],
    [0n, 0n, 0n, 'notExercised'],
  ])('%i offered, %i delivered, %s committed: %s', (offered, delivered, committedPps, expected) => {
    expect(throughputSlot({ offered, delivered }, { ...terms, committedPps })).toBe(expected);
  });
});

test('limits that are met exactly are met', () => {
  const even = { num: 1000n, den: 1n };
  expect([900n, 899n].map((ndr) => acceptsThroughput(ndr, even, tenPercent))).toEqual([true, false]);
  const terms = { line: even, committedPps: undefined, lossRatioMax: tenPercent };
  const of = (offered: bigint) => throughputSlot({ offered, delivered: offered }, terms);
  expect([900n, 899n].map(of)).toEqual(['good', 'notExercised']);
});
