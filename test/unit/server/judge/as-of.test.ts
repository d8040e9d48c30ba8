import { expect, test } from 'vitest';
import { asOf } from '../../../../server/judge/as-of.ts';

test.each([
  ['the oldest of what the hosts have told', [99, 98], 100, 98],
  ['never the future, whatever a clock that is ahead says', [130, 120], 100, 100],
  ['a silent host is waited for only so long', [99, 20], 100, 90],
  ['a host that was never heard, too', [99, undefined], 100, 90],
  ['all of them silent', [20, 30], 100, 90],
  ['no host at all', [], 100, 90],
  ['parts of a second', [99, 99], 100.9, 99],
])('%s', (_, told, now, at) => {
  expect(asOf(told, now, 10)).toBe(at);
});
