import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matcherOf, matcherText } from '../../../../alerts/state/matcher-text.ts';
import { matcherOperators } from '../../../../alerts/state/matchers.ts';
import { type Mistake, readMatchers, readTime } from '../../../../server/alerts/silence-mistakes.ts';

function mistakesOf(...texts: string[]): readonly string[] {
  const mistakes: Mistake[] = [];
  readMatchers(texts, mistakes);
  return mistakes.map(({ where }) => where);
}

describe('matchers of a silence', () => {
  it.each([
    ['slo=gold'],
    ['slo=~"acme-.*"'],
    ['severity!=critical'],
    ['severity=~info|warning'],
    ['alertname!=DataStale'],
    ['tenant=acme'],
    ['tenant='],
    ['slo=~.*', 'breach=x'],
  ])('%s says what is to be quiet', (...texts) => expect(mistakesOf(...texts)).toEqual([]));

  it.each([
    ['slo=~.*'],
    ['slo=~.+'],
    ['slo=~"(a|[^a])*"'],
    ['severity=~critical|warning|info'],
    ['alertname=~(Budget|Service|Data).*'],
    ['tenant!=acme'],
    ['nothing='],
    ['breach!~x', 'severity=~.*'],
    [],
  ])('%s says nothing, and would quiet everything', (...texts) => expect(mistakesOf(...texts)).toEqual(['matchers']));

  it('each that cannot be read is told by its place', () => {
    expect(mistakesOf('slo=gold', 'slo', 'slo=~(', '')).toEqual(['matchers[1]', 'matchers[2]', 'matchers[3]']);
  });

  it('a matcher is written as it is read', () => {
    const matcher = fc.record({
      label: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/),
      operator: fc.constantFrom(...matcherOperators),
      value: fc.oneof(fc.string(), fc.constantFrom('', '"', '""', '"a"', ' a ', '~a', '=a', 'a\nb')),
    });
    fc.assert(
      fc.property(matcher, (each) => {
        expect(matcherOf(matcherText(each))).toEqual(each);
      }),
    );
  });
});

describe('the time of a silence', () => {
  const now = Date.parse('2026-11-28T00:00:00Z') / 1_000;
  const read = (startsAt: string | undefined, endsAt: string) => {
    const mistakes: Mistake[] = [];
    const time = readTime({ startsAt, endsAt }, now, mistakes);
    return mistakes.length === 0 ? [time.from - now, time.to - now] : mistakes.map(({ where }) => where);
  };
  it.each([
    [undefined, '2026-11-28T00:00:01Z', [0, 1]],
    ['2026-11-27T23:00:00Z', '2026-11-28T01:00:00Z', [-3_600, 3_600]],
    ['2026-11-28T01:00:00Z', '2027-11-29T01:00:00Z', [3_600, 3_600 + 366 * 86_400]],
    ['2026-11-28T01:00:00Z', '2027-11-29T01:00:01Z', ['endsAt']],
    [undefined, '2026-11-28T00:00:00Z', ['endsAt']],
    ['2026-11-28T01:00:00Z', '2026-11-28T01:00:00Z', ['endsAt']],
    ['soon', 'later', ['startsAt', 'endsAt']],
    [undefined, '2026-11-28T02:00:00+01:00', ['endsAt']],
  ])('from %s to %s', (from, to, told) => expect(read(from, to)).toEqual(told));
});
