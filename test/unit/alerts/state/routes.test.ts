import { expect, test } from 'vitest';
import { aConfig, aRoute, matchers, operatorTree, rootTerms } from './an-alert.ts';
import { timeline } from './timeline.ts';

const soon = [30, 30] as const;

test('the first child that matches takes the alert, and the parent what no child takes', () => {
  const routes = [
    aRoute({ name: 'critical', matchers: matchers('severity=critical'), receivers: ['pager'] }),
    aRoute({ name: 'worse', matchers: matchers('severity!=info'), receivers: ['desk'] }),
  ];
  timeline(aConfig({ receivers: ['ops', 'pager', 'desk'], trees: [operatorTree({ routes })] }), (t) => {
    t.at(0).push('p1', { severity: 'critical' }).push('p2', { severity: 'warning' }).push('p3', { severity: 'info' });
    t.hears('pager', { between: soon, reason: 'new', alerts: ['p1 !'] });
    t.hears('desk', { between: soon, reason: 'new', alerts: ['p2'] });
    t.hears('ops', { between: soon, reason: 'new', alerts: ['p3'] });
  });
});

test('a route that says continue lets those after it see the alert, too', () => {
  const routes = [
    aRoute({ name: 'log', continue: true, receivers: ['log'] }),
    aRoute({ name: 'ports', matchers: matchers('port=~p[12]'), receivers: ['desk'] }),
    aRoute({ name: 'rest', receivers: ['ops'] }),
  ];
  timeline(aConfig({ receivers: ['ops', 'log', 'desk'], trees: [operatorTree({ routes })] }), (t) => {
    t.at(0).fires('p1', 'p3');
    t.hears('log', { between: soon, reason: 'new', alerts: ['p1', 'p3'].toSorted(t.byFingerprint) });
    t.hears('desk', { between: soon, reason: 'new', alerts: ['p1'] });
    t.hears('ops', { between: soon, reason: 'new', alerts: ['p3'] });
  });
});

test('the deepest that matches takes it, with what it has from those above', () => {
  const deep = aRoute({ name: 'deep', matchers: matchers('port!~p[2-9]'), groupWaitSeconds: 5 });
  const routes = [aRoute({ name: 'host', matchers: matchers('host=a'), receivers: ['desk'], routes: [deep] })];
  timeline(aConfig({ receivers: ['ops', 'desk'], trees: [operatorTree({ routes })] }), (t) => {
    t.at(0).fires('p1', 'p2', 'b/p1');
    t.hears('desk', { between: [5, 5], reason: 'new', alerts: ['p1'] });
    t.hears('desk', { between: soon, reason: 'new', alerts: ['p2'] });
    t.hears('ops', { between: soon, reason: 'new', alerts: ['b/p1'] });
    expect(t.notifications.map(({ group }) => group.key)).toEqual(['[null,"deep"]', '[null,"host"]', '[null,"all"]']);
  });
});

test("a tenant's routes see that tenant's alerts alone; the operator's see all", () => {
  const tree = (tenant: string) => ({
    tenant,
    root: aRoute({ name: 'all', receivers: [`of-${tenant}`], ...rootTerms }),
  });
  const receivers = ['ops', { name: 'of-t1', tenant: 't1' }, { name: 'of-t2', tenant: 't2' }];
  timeline(aConfig({ receivers, trees: [operatorTree(), tree('t1'), tree('t2')] }), (t) => {
    t.at(0).fires('t1/a/p1');
    t.at(1).fires('t2/a/p1');
    t.at(2).fires('p9');
    t.hears('of-t1', { between: [30, 31], reason: 'new', alerts: ['t1/a/p1'] });
    t.hears('of-t2', { between: [31, 31], reason: 'new', alerts: ['t2/a/p1'] });
    t.hears('ops', { between: [30, 31], reason: 'new', alerts: ['t1/a/p1', 't2/a/p1', 'p9'] });
    expect(t.notifications.map(({ receiver, tenant }) => [receiver, tenant]).sort()).toEqual([
      ['of-t1', 't1'],
      ['of-t2', 't2'],
      ['ops', null],
    ]);
  });
});

test('a worse severity may lead to further receivers', () => {
  const routes = [
    aRoute({ name: 'critical', matchers: matchers('severity=critical'), receivers: ['pager'], continue: true }),
    aRoute({ name: 'rest' }),
  ];
  timeline(aConfig({ receivers: ['ops', 'pager'], trees: [operatorTree({ routes })] }), (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: soon, reason: 'new', alerts: ['p1'] });
    t.at(400).push('p1', { severity: 'critical' });
    t.hears('pager', { between: [430, 430], reason: 'new', alerts: ['p1 !'] });
    t.hears('ops', { between: [430, 430], reason: 'changed', alerts: ['p1 !'] });
  });
});

test('a route that is changed keeps its groups, their numbers and what they told', () => {
  const config = aConfig({});
  timeline(config, (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: soon, reason: 'new', alerts: ['p1'] });
    t.at(100).configure({ ...config, version: 2, trees: [operatorTree({ groupIntervalSeconds: 100 })] });
    t.at(101).over('p1');
    t.hears('ops', { between: [131, 131], reason: 'resolved', alerts: ['p1 over'] });
    expect(t.notifications.at(-1)?.sequence).toBe(2);
  });
});

test('an older configuration that comes late changes nothing', () => {
  const config = aConfig({});
  timeline({ ...config, version: 5 }, (t) => {
    t.at(0).configure({ ...config, version: 4, trees: [] });
    t.fires('p1');
    t.hears('ops', { between: soon, reason: 'new', alerts: ['p1'] });
  });
});
