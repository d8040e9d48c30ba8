import { expect, test } from 'vitest';
import { differencesOf } from '../../../../server/objects/differences.ts';
import { Digits, type Plain } from '../../../../server/openslo/plain.ts';

const number = (text: string) => new Digits(text);

test.each<[string, Plain, Plain, unknown]>([
  ['nothing', { a: number('1'), b: ['x'] }, { a: number('1'), b: ['x'] }, []],
  ['a number', { a: { b: number('0.9999') } }, { a: { b: number('0.99990') } }, [['a.b', '0.9999', '0.99990']]],
  ['a key that is new', {}, { a: true }, [['a', null, 'true']]],
  ['a key that is gone', { a: null }, {}, [['a', 'null', null]]],
  ['a list of names', { a: ['x', 'y'] }, { a: ['y', 'x'] }, [['a', '[x, y]', '[y, x]']]],
  ['a member', { a: [{ n: 'x' }] }, { a: [{ n: 'x' }, { n: 'y' }] }, [['a[1]', null, '{ n: y }']]],
  ['inside a member', { a: [{ n: 'x' }] }, { a: [{ n: 'z' }] }, [['a[0].n', 'x', 'z']]],
  ['another kind of value', { a: ['x'] }, { a: 'x' }, [['a', '[x]', 'x']]],
])('a difference in %s', (_, before, after, expected) => {
  expect(differencesOf(before, after).map(({ path, before: was, after: is }) => [path, was, is])).toEqual(expected);
});

test('there is a bound on how much is told', () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, 'x'.repeat(1000)]));
  const told = differencesOf({}, many);
  expect(told).toHaveLength(200);
  expect(told[0]?.after).toHaveLength(401);
});
