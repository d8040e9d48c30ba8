import fc from 'fast-check';
import { expect, test } from 'vitest';
import { patternMatches, patternOf } from '../../../../alerts/state/pattern.ts';
import { FourninesError } from '../../../../core/runtime/error.ts';

const matches = (pattern: string, value: string) => patternMatches(patternOf(pattern), value);

test.each([
  ['p1|p2', ['p1', 'p2'], ['p', 'p1p2', 'xp1', '']],
  ['p[0-9]+', ['p0', 'p123'], ['p', 'p1x']],
  ['[^a-c]x?', ['d', 'dx'], ['a', 'ax', 'dxx']],
  ['(?:ab)*c', ['c', 'ababc'], ['abac']],
  ['a{2,3}', ['aa', 'aaa'], ['a', 'aaaa']],
  ['a{2,}', ['aa', 'aaaaa'], ['a']],
  ['.*', ['', 'anything'], ['two\nlines']],
  ['\\d\\w\\s\\.', ['1_ .'], ['a_ .', '1_ x']],
  ['\\D\\W\\S', ['a-b'], ['1-b']],
  ['^a$|b', ['a', 'b'], ['ab']],
  ['[\\d\\-.]+', ['1-2.3'], ['1a']],
  ['[]a]+', [']a'], ['b']],
  ['', [''], ['a']],
  ['a|', ['a', ''], ['b']],
  ['.', ['\u{1f600}', 'ế'], ['ab']],
  ['a+?b*?', ['a', 'aabb'], ['b']],
])('%s covers the whole value or nothing', (pattern, yes, no) => {
  for (const value of yes) expect(matches(pattern, value), value).toBe(true);
  for (const value of no) expect(matches(pattern, value), value).toBe(false);
});

test.each([
  '(',
  ')',
  'a)',
  '[a',
  'a**',
  '*a',
  '(?=a)',
  '(?i)a',
  '\\b',
  '\\1',
  '[z-a]',
  '[\\D]',
  '{1}',
  'a{3,2}',
  'a{101}',
  '\\',
  '[[:alpha:]]',
])('%s is refused, not read as something else', (pattern) => {
  expect(() => patternOf(pattern)).toThrowError(FourninesError);
});

test('repetitions of repetitions are bounded, of nothing, too', () => {
  for (const pattern of [
    '((a{100}){100}){100}',
    '(((){100}){100}){100}',
    '('.repeat(30) + ')'.repeat(30),
    'a'.repeat(513),
  ]) {
    expect(() => patternOf(pattern)).toThrowError(FourninesError);
  }
});

test('what takes other engines for ever takes steps times length', () => {
  let asked = 0;
  const { steps } = patternOf('((a+)+)+b');
  const counting = {
    steps: new Proxy(steps, {
      get: (target, key) => {
        asked++;
        return Reflect.get(target, key);
      },
    }),
  };
  expect(patternMatches(counting, `${'a'.repeat(1_000)}c`)).toBe(false);
  expect(asked).toBeLessThan(3 * steps.length * 1_001);
});

/** Patterns of the common part of both syntaxes. */
const pattern: fc.Arbitrary<string> = fc.letrec<{ any: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', '.', '\\d', '\\w', '[ab]', '[^a]', '1', '^', '$'),
    tie('any').map((inner) => `(${inner})`),
    tie('any').map((inner) => `(?:${inner})`),
  ),
  any: fc
    .array(
      fc
        .tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '*?'))
        .map(([atom, times]) => (atom === '^' || atom === '$' ? atom : atom + times)),
      { maxLength: 4 },
    )
    .chain((parts) => fc.constantFrom(parts.join(''), parts.join('|'))),
})).any;

test('it agrees with the engine of the language wherever both know a pattern', () => {
  const value = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, value, (text, of) => {
      expect(matches(text, of)).toBe(new RegExp(`^(?:${text})$`, 'u').test(of));
    }),
    { numRuns: 400, seed: 8 },
  );
});
