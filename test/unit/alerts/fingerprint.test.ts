import { expect, test } from 'vitest';
import { fingerprintOf, hashOf } from '../../../alerts/fingerprint.ts';

test('the same labels have the same fingerprint in any order; one without a value is the same as none', () => {
  const fingerprint = fingerprintOf({ host: 'a', port: 'p1' });
  expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(fingerprint).toBe(hashOf('{"host":"a","port":"p1"}'));
  expect(fingerprintOf({ port: 'p1', zone: '', host: 'a' })).toBe(fingerprint);
});

test('keys are sorted by their UTF-16 units, as RFC 8785 wants it', () => {
  expect(fingerprintOf({ '\u{1f600}': 'x', '\ufb33': 'y' })).toBe(hashOf('{"\u{1f600}":"x","\ufb33":"y"}'));
});

test('no separator makes two sets of labels alike', () => {
  const sets = [
    { a: 'b', c: 'd' },
    { a: 'b","c":"d' },
    { 'a":"b","c': 'd' },
    { a: 'b,c=d' },
    { 'a=b,c': 'd' },
    { ab: 'cd' },
    { a: 'b\u0000c' },
    { a: 'b\\u0000c' },
    { a: 'bc', d: '' },
    {},
  ];
  expect(new Set(sets.map(fingerprintOf)).size).toBe(sets.length);
});
