import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, sha256Of } from '../../../../server/objects/canonical-json.ts';

test('the canonical form has no blanks, its keys are in order, and texts are escaped as RFC 8785 says', () => {
  expect(canonicalJson({ b: [1, null, true], a: 'x', '€': 1, '\r': 2, '1': 3 })).toBe(
    '{"\\r":2,"1":3,"a":"x","b":[1,null,true],"€":1}',
  );
  expect(canonicalJson('€$\u000f\nA\'B"\\/')).toBe('"€$\\u000f\\nA\'B\\"\\\\/"');
  expect(canonicalJson({ a: undefined, b: -0 })).toBe('{"b":0}');
});

test('the order in which keys were written changes nothing', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.integer()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(turned)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(value);
    }),
  );
});

test('a float has no canonical form here', () => {
  for (const value of [0.1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    expect(() => canonicalJson({ value })).toThrow('a number of a canonical form is whole');
  }
});

test('the hash is that of the bytes', () => {
  expect(sha256Of('{}')).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});
