import { test } from 'vitest';
import type { Inhibition } from '../../../../alerts/state/config.ts';
import { aConfig, aRoute, matchers, operatorTree, rootTerms } from './an-alert.ts';
import { timeline } from './timeline.ts';

const hostHidesPorts: Inhibition = {
  name: 'host',
  sources: matchers('kind=host'),
  targets: matchers('kind=port'),
  equal: ['host'],
};
const config = aConfig({ inhibitions: [hostHidesPorts] });

test("a host's alert hides those of its ports, and no others", () => {
  timeline(config, (t) => {
    t.at(0).fires('host a', 'p1', 'p2', 'b/p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['host a', 'b/p1'].toSorted(t.byFingerprint) });
    t.silent([31, 3_000]);
  });
});

test("hidden ones are told when the host's is over and theirs still fire", () => {
  timeline(config, (t) => {
    t.at(0).fires('host a', 'p1', 'p2');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['host a'] });
    t.at(1_000).over('host a');
    t.at(1_010).over('p2');
    t.hears('ops', { between: [1_030, 1_031], reason: 'new', alerts: ['p1', 'host a over'] });
    t.silent([1_031, 4_000]);
  });
});

test("ports told before the host's alert are told as over when they are", () => {
  timeline(config, (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(40).fires('host a');
    t.hears('ops', { between: [330, 330], reason: 'new', alerts: ['p1', 'host a'] });
    t.at(1_000).push('p1', { severity: 'critical' });
    t.silent([1_000, 2_000]);
    t.at(2_000).over('p1');
    t.hears('ops', { between: [2_030, 2_030], reason: 'resolved', alerts: ['host a', 'p1 over !'] });
  });
});

test('what hides and is not known any more goes on hiding', () => {
  timeline(config, (t) => {
    t.at(0).fires('host a');
    t.at(1).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['host a'] });
    t.at(100).unknown('host a');
    t.silent([100, 20_000]);
    t.at(20_000).over('host a');
    t.hears('ops', { between: [20_030, 20_031], reason: 'new', alerts: ['p1', 'host a over'] });
  });
});

test('what never was known to fire hides nothing', () => {
  timeline(config, (t) => {
    t.at(0).unknown('host a').fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
  });
});

test('what is source and target of one rule is not hidden by another that is both, but hides what is a target alone', () => {
  const rule: Inhibition = {
    name: 'same',
    sources: matchers('host=~a|b'),
    targets: matchers('kind=port'),
    equal: ['kind'],
  };
  const second: Inhibition = {
    name: 'host',
    sources: matchers('host=a'),
    targets: matchers('kind=~port|host'),
    equal: ['host'],
  };
  timeline(aConfig({ inhibitions: [rule] }), (t) => {
    t.at(0).fires('p1', 'b/p1', 'c/p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1', 'b/p1'].toSorted(t.byFingerprint) });
  });
  timeline(aConfig({ inhibitions: [second] }), (t) => {
    t.at(0).fires('p1', 'host a');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1', 'host a'].toSorted(t.byFingerprint) });
  });
});

test('a label that neither has makes nothing equal', () => {
  const rule: Inhibition = { ...hostHidesPorts, equal: ['rack'] };
  timeline(aConfig({ inhibitions: [rule] }), (t) => {
    t.at(0).fires('host a');
    t.at(1).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['host a', 'p1'] });
  });
});

test('the worse severity of an alert hides others by a rule on severity', () => {
  const rule: Inhibition = {
    name: 'severity',
    sources: matchers('severity=critical'),
    targets: matchers('severity!=critical'),
    equal: ['host'],
  };
  timeline(aConfig({ inhibitions: [rule] }), (t) => {
    t.at(0).push('p1', { severity: 'critical' }).fires('p2');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1 !'] });
    t.at(1_000).push('p1', { severity: 'warning' });
    t.hears('ops', { between: [1_030, 1_031], reason: 'new', alerts: ['p1', 'p2'].toSorted(t.byFingerprint) });
  });
});

test('a tenant is not spared an alert for the sake of one that the tenant does not see', () => {
  const tenant = { tenant: 't1', root: aRoute({ name: 'all', receivers: ['of-t1'], ...rootTerms }) };
  const shared = {
    ...config,
    receivers: [...config.receivers, { name: 'of-t1', tenant: 't1' }],
    trees: [operatorTree(), tenant],
  };
  timeline(shared, (t) => {
    t.at(0).fires('host a', 't1/a/p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['host a'] });
    t.hears('of-t1', { between: [30, 30], reason: 'new', alerts: ['t1/a/p1'] });
  });
});
