import { expect, test } from 'vitest';
import { hashOf } from '../../../../alerts/fingerprint.ts';
import { step } from '../../../../alerts/state/machine.ts';
import { emptyState } from '../../../../alerts/state/state.ts';
import { aConfig, operatorTree } from './an-alert.ts';
import { timeline } from './timeline.ts';

test('a clock that steps back by a day makes no wait longer', () => {
  timeline(aConfig({}), (t) => {
    t.at(100_000).fires('p1');
    t.now = 10_000;
    t.take({ kind: 'time' });
    t.hears('ops', { between: [10_030, 10_030], reason: 'new', alerts: ['p1'] });
    t.at(10_040).over('p1');
    t.hears('ops', { between: [10_330, 10_330], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('a clock that steps forward, or a server that was away, tells what is due once', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.now = 900_000;
    t.take({ kind: 'time' });
    t.hears('ops', { between: [900_000, 900_000], reason: 'repeated', alerts: ['p1'] });
    t.silent([900_001, 903_599]);
  });
});

test('what ended while the server was away is not told first as firing', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1');
    t.now = 5_000;
    t.over('p1');
    t.silent([5_000, 50_000]);
  });
});

test('silences end by the clock as it is, whatever it did', () => {
  timeline(aConfig({}), (t) => {
    t.at(100_000).fires('p1');
    t.now = 10_000;
    t.silence('s1', ['port=p1'], 12_000);
    t.silent([10_000, 11_000]);
    expect(step(t.state, { kind: 'time' }, { now: 11_001, hash: hashOf }).wakeAt).toBe(12_000);
    t.hears('ops', { between: [12_030, 12_030], reason: 'new', alerts: ['p1'] });
  });
});

test('it says when it wants to be woken, and when never', () => {
  const at = (now: number) => ({ now, hash: hashOf });
  expect(step(emptyState, { kind: 'time' }, at(5)).wakeAt).toBe(null);
  timeline(aConfig({ trees: [operatorTree({ repeatIntervalSeconds: null })] }), (t) => {
    t.at(100).fires('p1');
    expect(step(t.state, { kind: 'time' }, at(101)).wakeAt).toBe(130);
    t.hears('ops', { between: [130, 131], reason: 'new', alerts: ['p1'] });
    expect(step(t.state, { kind: 'time' }, at(132)).wakeAt).toBe(null);
  });
});
