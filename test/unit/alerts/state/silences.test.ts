import { expect, test } from 'vitest';
import { hashOf } from '../../../../alerts/fingerprint.ts';
import { silenceProblems } from '../../../../alerts/state/config-problems.ts';
import { step } from '../../../../alerts/state/machine.ts';
import type { Silence } from '../../../../alerts/state/silence.ts';
import { emptyState } from '../../../../alerts/state/state.ts';
import { aConfig, aRoute, matchers, operatorTree, rootTerms } from './an-alert.ts';
import { timeline } from './timeline.ts';

test('what is silenced is not told, and is told when the silence ends and it still fires', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).silence('s1', ['port=p1'], 1_000);
    t.at(10).fires('p1', 'p2');
    t.hears('ops', { between: [40, 40], reason: 'new', alerts: ['p2'] });
    t.silent([41, 1_000]);
    t.hears('ops', { between: [1_030, 1_030], reason: 'new', alerts: ['p1', 'p2'].toSorted(t.byFingerprint) });
  });
});

test('what began and ended in a silence is never told', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).silence('s1', ['host=a'], 1_000);
    t.at(10).fires('p1');
    t.at(900).over('p1');
    t.silent([900, 10_000]);
  });
});

test('a silence ends early, and does not begin again when it comes again', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).silence('s1', ['port=p1'], 5_000);
    t.at(10).fires('p1');
    t.at(100).endSilence('s1');
    t.hears('ops', { between: [131, 131], reason: 'new', alerts: ['p1'] });
    t.at(200).silence('s1', ['port=p1'], 5_000);
    t.at(201).push('p1', { severity: 'critical' });
    t.hears('ops', { between: [431, 431], reason: 'changed', alerts: ['p1 !'] });
  });
});

test('a silence holds from its start to its end', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).silence('s1', ['port=~p[12]'], 2_000, { from: 100 });
    t.at(1).fires('p1');
    t.hears('ops', { between: [31, 31], reason: 'new', alerts: ['p1'] });
    t.at(80).fires('p2');
    t.silent([80, 2_000]);
    t.hears('ops', { between: [2_030, 2_030], reason: 'new', alerts: ['p1', 'p2'] });
  });
});

test('the end of what was told is told in a silence, too', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(100).silence('s1', ['port=p1'], 100_000);
    t.at(500).push('p1', { severity: 'critical' });
    t.silent([500, 10_000]);
    t.at(10_000).over('p1');
    t.hears('ops', { between: [10_030, 10_030], reason: 'resolved', alerts: ['p1 over !'] });
  });
});

test('nothing is repeated in a silence; after it, what is due is', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(100).silence('s1', ['port=p1'], 8_000);
    t.silent([100, 7_999]);
    t.hears('ops', { between: [8_000, 8_000], reason: 'repeated', alerts: ['p1'] });
  });
});

test('a silence quiets the routes of whoever made it, nobody else', () => {
  const tenant = { tenant: 't1', root: aRoute({ name: 'all', receivers: ['of-t1'], ...rootTerms }) };
  const config = aConfig({ receivers: ['ops', { name: 'of-t1', tenant: 't1' }], trees: [operatorTree(), tenant] });
  timeline(config, (t) => {
    t.at(0).silence('s1', ['port=p1'], 9_000, { tenant: 't1' });
    t.at(1).silence('s2', ['port=p2'], 9_000);
    t.at(10).fires('t1/a/p1', 't1/a/p2');
    t.hears('ops', { between: [40, 40], reason: 'new', alerts: ['t1/a/p1'] });
    t.hears('of-t1', { between: [40, 40], reason: 'new', alerts: ['t1/a/p2'] });
    t.at(50).over('t1/a/p1', 't1/a/p2');
    t.hears('ops', { between: [340, 340], reason: 'resolved', alerts: ['t1/a/p1 over'] });
    t.hears('of-t1', { between: [340, 340], reason: 'resolved', alerts: ['t1/a/p2 over'] });
  });
});

test('a silence that ends in the past is none', () => {
  timeline(aConfig({}), (t) => {
    t.at(1_000).silence('s1', ['port=p1'], 900, { from: 100 });
    expect(t.state.silences).toEqual([]);
    t.fires('p1');
    t.hears('ops', { between: [1_030, 1_030], reason: 'new', alerts: ['p1'] });
  });
});

test.each<[string, Partial<Silence>, RegExp]>([
  ['an id', { id: '' }, /an id/],
  ['a matcher', { matchers: [] }, /needs a matcher/],
  ['patterns that can be read', { matchers: matchers('port=~(a') }, /the pattern/],
  ['an end after its start', { endsAt: 100 }, /end after/],
  ['whole seconds', { startsAt: 0.5 }, /whole/],
  ['an end within a year', { endsAt: 400 * 86_400 }, /a year/],
])('a silence needs %s, or is refused and nothing changes', (_what, parts, problem) => {
  const silence = { id: 's1', tenant: null, matchers: matchers('port=p1'), startsAt: 100, endsAt: 200, ...parts };
  expect(silenceProblems(silence).join('; ')).toMatch(problem);
  const take = () => step(emptyState, { kind: 'silenced', silence }, { now: 0, hash: hashOf });
  expect(take).toThrowError(expect.objectContaining({ code: 'FN_ALERT_ROUTES' }));
});

test('more silences than there is room for are refused; those that are over make room', () => {
  timeline(aConfig({ limits: { silences: 1 } }), (t) => {
    t.at(0).silence('s1', ['port=p1'], 100);
    t.at(1).silence('s2', ['port=p2'], 100);
    expect(t.refused).toBe('silences full');
    t.now = 101;
    t.silence('s3', ['port=p2'], 200);
    expect(t.refused).toBe(null);
    expect(t.state.silences.map(({ id }) => id)).toEqual(['s3']);
  });
});
