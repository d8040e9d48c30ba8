import { expect, test } from 'vitest';
import { isConserved } from '../../../../server/sli/conservation.ts';

const limits = { readErrorRatio: { num: 1n, den: 10_000n }, inFlightPackets: 32n };

test.each([
  // The worked example.
  [10_000n, 9970n, 5n, true],
  [10_000n, 10_040n, 5n, false],
  // 0.0001 of 1,000,000 is 100.
  [1_000_000n, 999_900n, 0n, true],
  [1_000_000n, 999_899n, 0n, false],
  [1_000_000n, 1_000_100n, 0n, true],
  [1_000_000n, 1_000_101n, 0n, false],
  // In flight: 32 either way.
  [0n, 32n, 0n, true],
  [0n, 33n, 0n, false],
  [33n, 0n, 1n, true],
  // Beyond 2^53.
  [1n << 60n, (1n << 60n) - (1n << 46n), 0n, true],
  [1n << 60n, (1n << 60n) - (1n << 47n), 0n, false],
])('%i offered, %i delivered, %i dropped: %s', (offered, delivered, drops, expected) => {
  expect(isConserved({ offered, delivered, drops }, limits)).toBe(expected);
});

test('the share is that of what was offered', () => {
  // 2 % of 500 are 10.
  const wide = { readErrorRatio: { num: 2n, den: 100n }, inFlightPackets: 0n };
  expect(isConserved({ offered: 500n, delivered: 490n, drops: 0n }, wide)).toBe(true);
  expect(isConserved({ offered: 500n, delivered: 489n, drops: 0n }, wide)).toBe(false);
});
