import { expect, test } from 'vitest';
import { groupOf } from '../../../../alerts/state/group.ts';
import { aConfig, operatorTree } from './an-alert.ts';
import { timeline } from './timeline.ts';

test('a group is told its wait after its first alert, with all that came meanwhile', () => {
  timeline(aConfig({}), (t) => {
    t.at(100).fires('p1');
    t.at(120).fires('p2');
    t.silent([100, 129]);
    t.hears('ops', { between: [130, 130], reason: 'new', alerts: ['p1', 'p2'] });
    t.silent([131, 3_729]);
  });
});

test('what comes up later is told an interval after the last notification, with all that fires', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(40).fires('p2');
    t.silent([41, 329]);
    t.hears('ops', { between: [330, 330], reason: 'new', alerts: ['p1', 'p2'] });
  });
});

test('a group that was quiet for longer than its interval waits its wait alone', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(1_000).fires('p2');
    t.hears('ops', { between: [1_030, 1_030], reason: 'new', alerts: ['p1', 'p2'] });
  });
});

test('alerts are grouped by the labels of the route', () => {
  timeline(aConfig({ trees: [operatorTree({ groupBy: ['host'] })] }), (t) => {
    t.at(0).fires('p1', 'b/p1', 'p2');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1', 'p2'].toSorted(t.byFingerprint) });
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['b/p1'] });
    const [a, b] = t.notifications.map(({ group }) => group);
    expect(a).toEqual({ key: '[null,"all",["host","a"]]', labels: { host: 'a' } });
    expect(b?.labels).toEqual({ host: 'b' });
  });
});

test('the order in which a route names labels makes no other groups, nor does a label that is not there', () => {
  const labels = { port: 'p1', host: 'a', zone: '' };
  const by = (...groupBy: string[]) => groupOf({ tenant: 't1', route: 'r', groupBy }, labels);
  expect(by('port', 'rack', 'zone', 'host', 'port')).toEqual({
    key: '["t1","r",["host","a"],["port","p1"]]',
    labels: { host: 'a', port: 'p1' },
  });
  expect(by('host', 'port')).toEqual(by('port', 'host'));
});

test('by all labels, each alert is a group that stays when its severity changes', () => {
  timeline(aConfig({ trees: [operatorTree({ groupBy: 'all' })] }), (t) => {
    t.at(0).fires('p1', 'p2');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p2'] });
    t.at(400).push('p1', { severity: 'critical' });
    t.hears('ops', { between: [430, 430], reason: 'changed', alerts: ['p1 !'] });
    expect(t.notifications[2]?.group).toEqual(t.notifications[0]?.group);
    expect(t.notifications[2]?.group.labels).toEqual({ kind: 'port', host: 'a', port: 'p1' });
  });
});

test('an alert that is over before its group was told is not told', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1');
    t.at(20).over('p1');
    t.silent([20, 10_000]);
  });
});

test('a wait that led to nothing does not shorten the next', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1');
    t.at(20).over('p1');
    t.at(31).fires('p2');
    t.hears('ops', { between: [61, 61], reason: 'new', alerts: ['p2'] });
  });
});

test('the worst stand first, those that fire before those that are over', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).push('p1', { severity: 'info' }).push('p2', { severity: 'warning' });
    t.at(1).push('p3', { severity: 'critical' });
    t.at(2).push('p4', { severity: 'critical' });
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p3 !', 'p4 !', 'p2', 'p1'] });
    t.at(100).over('p3');
    t.hears('ops', { between: [330, 330], reason: 'resolved', alerts: ['p4 !', 'p2', 'p1', 'p3 over !'] });
  });
});

test('each notification has a number of its group and receiver, and an id of its own without a dot', () => {
  timeline(aConfig({ receivers: ['ops', 'desk'], trees: [operatorTree({ receivers: ['ops', 'desk'] })] }), (t) => {
    t.at(0).fires('p1');
    for (const receiver of ['ops', 'desk']) t.hears(receiver, { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(40).over('p1');
    for (const receiver of ['ops', 'desk'])
      t.hears(receiver, { between: [330, 330], reason: 'resolved', alerts: ['p1 over'] });
    const ids = t.notifications.map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(t.notifications.map(({ receiver, sequence }) => `${receiver} ${sequence}`)).toEqual([
      'ops 1',
      'desk 1',
      'ops 2',
      'desk 2',
    ]);
  });
});

test('a group that was forgotten begins at 1 again, but never with an id that was used', () => {
  timeline(aConfig({ limits: { keepSeconds: 1_000 } }), (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(40).over('p1');
    t.hears('ops', { between: [330, 330], reason: 'resolved', alerts: ['p1 over'] });
    t.at(2_000).fires('b/p1');
    t.hears('ops', { between: [2_030, 2_030], reason: 'new', alerts: ['b/p1'] });
    t.at(2_031).over('b/p1');
    t.hears('ops', { between: [2_330, 2_330], reason: 'resolved', alerts: ['b/p1 over'] });
    expect(t.state.alerts.size).toBe(1);
    t.at(9_000).silence('other', ['port=none'], 9_100);
    t.at(9_101);
    expect([t.state.alerts.size, t.state.lines.size]).toEqual([0, 0]);
    t.at(9_200).fires('b/p1');
    t.hears('ops', { between: [9_230, 9_230], reason: 'new', alerts: ['b/p1'] });
    expect(t.notifications.at(-1)?.sequence).toBe(1);
    expect(new Set(t.notifications.map(({ id }) => id)).size).toBe(t.notifications.length);
  });
});
