import { expect, test } from 'vitest';
import { matchesAll, seenLabels } from '../../../../alerts/state/matchers.ts';
import { anAlert, matchers } from './an-alert.ts';

const labels = { host: 'a', port: 'p1' };

test.each([
  ['host=a', true],
  ['host=b', false],
  ['host!=a', false],
  ['host!=b', true],
  ['port=~p.', true],
  ['port=~p', false],
  ['port!~p.', false],
  ['port!~p', true],
])('%s: %s', (text, yes) => {
  expect(matchesAll(matchers(text), labels)).toBe(yes);
});

test('a label that is not there is the same as an empty one, whatever its name', () => {
  for (const name of ['zone', 'constructor', '__proto__', 'toString']) {
    expect(matchesAll(matchers(`${name}=`), labels), name).toBe(true);
    expect(matchesAll(matchers(`${name}!=x`), labels), name).toBe(true);
    expect(matchesAll(matchers(`${name}=~.+`), labels), name).toBe(false);
  }
});

test('all have to match, and none matches everything', () => {
  expect(matchesAll(matchers('host=a', 'port=p2'), labels)).toBe(false);
  expect(matchesAll([], labels)).toBe(true);
});

test('the present severity is a label, whatever the labels say', () => {
  const alert = anAlert({ labels: { ...labels, severity: 'none' }, severity: 'critical' });
  expect(matchesAll(matchers('severity=critical', 'host=a'), seenLabels(alert))).toBe(true);
});
