import { expect, test } from 'vitest';
import { exhaustionSeconds } from '../../../../server/slo/exhaustion.ts';

test.each([
  // The worked example: 247 x 3,600 / 6.
  [247n, 6n, 3600, 148_200n],
  // 10 x 3,600 / 7 = 5,142.86: rounded down.
  [10n, 7n, 3600, 5142n],
  [259n, 0n, 3600, null],
  [0n, 0n, 3600, 0n],
  [-5n, 0n, 3600, 0n],
  [-5n, 3n, 3600, 0n],
  // Nothing known of the last hour: nothing is known to burn.
  [259n, 0n, 0, null],
  // Packets, beyond 2^53: (2^60) x 60 / (2^50) = 1,024 x 60.
  [1n << 60n, 1n << 50n, 60, 61_440n],
])('%i left, %i bad in %i s: %s', (remaining, bad, seconds, expected) => {
  expect(exhaustionSeconds(remaining, { bad, seconds })).toBe(expected);
});
