import { test } from 'vitest';
import { aConfig, aRoute, matchers, operatorTree } from './an-alert.ts';
import { labelsOf, timeline } from './timeline.ts';

test('what is not known neither fires nor is over', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).unknown('p1').fires('p2');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p2'] });
    t.at(100).unknown('p2');
    t.silent([100, 50_000]);
  });
});

test('what becomes unknown before it was told is told once it is known', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1');
    t.at(10).unknown('p1');
    t.silent([10, 1_000]);
    t.at(1_000).fires('p1');
    t.hears('ops', { between: [1_030, 1_030], reason: 'new', alerts: ['p1'] });
  });
});

test('it is not repeated while it is not known, and again once it is', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(1_000).unknown('p1');
    t.silent([1_000, 9_000]);
    t.at(9_000).fires('p1');
    t.hears('ops', { between: [9_000, 9_001], reason: 'repeated', alerts: ['p1'] });
  });
});

test('nobody further is told while it is not known', () => {
  const escalation = [{ afterSeconds: 600, receivers: ['boss'] }];
  timeline(aConfig({ receivers: ['ops', 'boss'], trees: [operatorTree({ escalation })] }), (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(100).unknown('p1');
    t.silent([100, 3_000]);
    t.at(3_000).fires('p1');
    t.hears('boss', { between: [3_000, 3_001], reason: 'escalated', alerts: ['p1'] });
  });
});

test('whatever else is told of its group says that it is not known', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1').push('p2', { severity: 'info' });
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1', 'p2'] });
    t.at(100).unknown('p1');
    t.at(200).over('p2');
    t.hears('ops', { between: [330, 330], reason: 'resolved', alerts: ['p1 unknown', 'p2 over'] });
    t.at(1_000).over('p1');
    t.hears('ops', { between: [1_030, 1_030], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('what became worse while it was not known is told once it is known', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(400).push('p1', { status: 'unknown', severity: 'critical' });
    t.silent([400, 500]);
    t.at(500).fires('p2');
    t.hears('ops', { between: [530, 530], reason: 'new', alerts: ['p2', 'p1 unknown !'] });
    t.at(600).fires('p1');
    t.hears('ops', { between: [830, 830], reason: 'changed', alerts: ['p1 !', 'p2'] });
  });
});

/** `host a` is the silence of what `p1` is judged by, and has a group of its own. */
const freezing = { freezes: labelsOf('p1') };
const apart = aConfig({
  trees: [operatorTree({ routes: [aRoute({ name: 'stale', matchers: matchers('kind=host') })] })],
});

test('what another alert freezes is neither repeated nor over, and is shown as not known', () => {
  timeline(apart, (t) => {
    t.at(0).fires('p1').push('p2', { severity: 'info' });
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1', 'p2'] });
    t.at(1_000).push('host a', freezing);
    t.hears('ops', { between: [1_030, 1_030], reason: 'new', alerts: ['host a'] });
    // Its evidence, figures and the like come along: it is as unknown as before.
    t.at(1_100).push('p1', { summary: 'with evidence' });
    t.at(2_000).over('p2');
    t.hears('ops', { between: [2_030, 2_030], reason: 'resolved', alerts: ['p1 unknown', 'p2 over'] });
    t.hears('ops', { between: [4_630, 4_630], reason: 'repeated', alerts: ['host a'] });
    t.at(6_500).push('host a', { ...freezing, status: 'resolved' });
    t.hears('ops', { between: [6_500, 6_501], reason: 'repeated', alerts: ['p1'] });
    t.hears('ops', { between: [6_530, 6_530], reason: 'resolved', alerts: ['host a over'] });
    t.at(7_000).over('p1');
    t.hears('ops', { between: [7_030, 7_030], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('what is frozen is told where it becomes worse all the same, and its end is told', () => {
  timeline(apart, (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(1_000).push('host a', freezing);
    t.hears('ops', { between: [1_030, 1_030], reason: 'new', alerts: ['host a'] });
    t.at(2_000).push('p1', { severity: 'critical' });
    t.hears('ops', { between: [2_030, 2_030], reason: 'changed', alerts: ['p1 !'] });
    t.at(2_500).push('host a', freezing).over('p1');
    t.hears('ops', { between: [2_530, 2_530], reason: 'resolved', alerts: ['p1 over !'] });
    t.at(2_600).push('host a', { ...freezing, status: 'resolved' });
    t.hears('ops', { between: [2_630, 2_630], reason: 'resolved', alerts: ['host a over'] });
  });
});
