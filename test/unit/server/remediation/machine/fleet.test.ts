import { describe, expect, it } from 'vitest';
import { hasCommonCause, isTripped, tokenRefusal } from '../../../../../server/remediation/machine/fleet.ts';

const breaches = (n: number, at = 0) => Array.from({ length: n }, (_, i) => ({ host: `cn${i}`, at }));

describe('a common cause', () => {
  it.each([
    ['7 of 20', 7, 20, true],
    ['6 of 20 is 30 % and not more', 6, 20, false],
    ['2 of 5 are too few to say', 2, 5, false],
    ['3 of 5', 3, 5, true],
    ['400 of 1,000 (F17)', 400, 1_000, true],
    ['none', 0, 0, false],
  ])('%s', (_, n, hosts, isFrozen) => {
    expect(hasCommonCause(breaches(n), { hosts, now: 299_999 })).toBe(isFrozen);
  });

  it('is of the last five minutes, and counts a host once', () => {
    expect(hasCommonCause(breaches(7), { hosts: 20, now: 300_000 })).toBe(false);
    const again = Array.from({ length: 9 }, (_, at) => ({ host: 'cn1', at }));
    expect(hasCommonCause(again, { hosts: 20, now: 10 })).toBe(false);
  });
});

describe('a token', () => {
  const holder = (host: string, domain: string) => ({ host, domain });

  it('is one of a host, one of a domain', () => {
    const held = [holder('cn1', 'rack1')];
    expect(tokenRefusal(holder('cn1', 'rack9'), held, 1_000)).toBe('hostBusy');
    expect(tokenRefusal(holder('cn2', 'rack1'), held, 1_000)).toBe('domainBusy');
    expect(tokenRefusal(holder('cn2', 'rack2'), held, 1_000)).toBeNull();
  });

  it.each([
    [10, 1],
    [149, 2],
    [1_000, 5],
  ])('of %i hosts goes to %i at once', (hosts, most) => {
    const held = Array.from({ length: most }, (_, i) => holder(`cn${i}`, `rack${i}`));
    const wanted = holder('x', 'y');
    expect(tokenRefusal(wanted, held, hosts)).toBe('fleetBusy');
    expect(tokenRefusal(wanted, held.slice(1), hosts)).toBeNull();
  });
});

it('two failures within an hour trip the breaker', () => {
  expect(isTripped(breaches(1), 5)).toBe(false);
  expect(isTripped(breaches(2), 3_599_999)).toBe(true);
  expect(isTripped(breaches(2), 3_600_000)).toBe(false);
});
