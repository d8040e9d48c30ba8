import { expect, test } from 'vitest';
import { defaultLimits } from '../../../../alerts/state/config.ts';
import { aConfig, aRoute, matchers, operatorTree } from './an-alert.ts';
import { timeline } from './timeline.ts';

test('whoever was told that it fires is told once that it is over', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1', 'p2');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1', 'p2'].toSorted(t.byFingerprint) });
    t.at(400).over('p1');
    t.hears('ops', { between: [430, 430], reason: 'resolved', alerts: ['p2', 'p1 over'] });
    t.at(800).over('p2');
    t.hears('ops', { between: [830, 830], reason: 'resolved', alerts: ['p2 over'] });
    t.silent([831, 100_000]);
  });
});

test('a change that comes late or again changes nothing', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).push('p1', { entry: 4 });
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(40).push('p1', { entry: 3, status: 'resolved' });
    t.at(41).push('p1', { entry: 4, status: 'resolved' });
    t.silent([41, 3_000]);
    t.at(3_000).push('p1', { entry: 7, status: 'resolved' });
    t.hears('ops', { between: [3_030, 3_030], reason: 'resolved', alerts: ['p1 over'] });
    t.at(3_100).push('p1', { entry: 6, status: 'firing' });
    t.silent([3_100, 100_000]);
  });
});

test('an end that comes before its beginning is remembered', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).push('p1', { entry: 2, status: 'resolved' });
    t.at(5).push('p1', { entry: 1, status: 'firing' });
    expect([t.state.alerts.size, t.state.lines.size]).toEqual([1, 0]);
    t.silent([5, 100_000]);
  });
});

test('severity and tier are told; other figures, and of what type a change is, go along with what is told next', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).push('p1', { tier: 'T2' });
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(400).push('p1', { tier: 'T2', summary: 'more packets are lost', event: 'sla.breach.updated' });
    t.silent([400, 1_000]);
    t.at(1_000).push('p1', { tier: 'T0', summary: 'most packets are lost' });
    t.hears('ops', { between: [1_030, 1_030], reason: 'changed', alerts: ['p1'] });
    t.at(2_000).push('p1', { tier: 'T0', severity: 'critical' });
    t.hears('ops', { between: [2_030, 2_030], reason: 'changed', alerts: ['p1 !'] });
    expect(t.notifications.map(({ alerts }) => alerts[0]?.entry)).toEqual([1, 3, 4]);
  });
});

test('evidence is no news of its own; it is in whatever is told next, also after a change that brings none', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).push('p1', { tier: 'T2' });
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(400).push('p1', { tier: 'T2', evidence: '/api/v1/breaches/b/changes/2/bundle' });
    t.at(500).push('p1', { tier: 'T2', acknowledgedBy: 'kim' });
    t.silent([400, 1_000]);
    t.at(1_000).push('p1', { tier: 'T0' });
    t.hears('ops', { between: [1_030, 1_030], reason: 'changed', alerts: ['p1'] });
    const told = t.notifications.map(({ alerts }) => alerts[0]?.facts.links.evidence);
    expect(told).toEqual([null, '/api/v1/breaches/b/changes/2/bundle']);
  });
});

test('each level of a budget that is reached is told once', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).push('p1', { severity: 'info', level: 50 });
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(1_000).push('p1', { level: 75 });
    t.hears('ops', { between: [1_030, 1_030], reason: 'changed', alerts: ['p1'] });
    t.at(1_400).push('p1', { level: 50 });
    t.at(1_500).push('p1', { level: 75 });
    t.silent([1_400, 2_000]);
    t.at(2_000).push('p1', { level: 90, severity: 'warning' });
    t.hears('ops', { between: [2_030, 2_030], reason: 'changed', alerts: ['p1'] });
    t.at(3_000).push('p1', { level: 100, severity: 'critical' });
    t.hears('ops', { between: [3_030, 3_030], reason: 'changed', alerts: ['p1 !'] });
  });
});

test('what was over and fires again before anybody was told so is told as a change', () => {
  timeline(aConfig({}), (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(100).over('p1');
    t.at(200).fires('p1');
    t.hears('ops', { between: [330, 330], reason: 'changed', alerts: ['p1'] });
    t.at(1_000).over('p1');
    t.hears('ops', { between: [1_030, 1_030], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('the end is told to whoever was told, under the same group, when its route is gone', () => {
  const config = aConfig({ receivers: ['ops', 'desk'], trees: [operatorTree({ groupBy: ['host'] })] });
  timeline(config, (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(400).configure({ ...config, version: 2, trees: [operatorTree({ name: 'other', receivers: ['desk'] })] });
    t.hears('desk', { between: [431, 431], reason: 'new', alerts: ['p1'] });
    t.at(500).push('p1', { severity: 'critical' });
    t.hears('desk', { between: [731, 731], reason: 'changed', alerts: ['p1 !'] });
    t.at(2_000).over('p1');
    t.hears('ops', { between: [2_030, 2_030], reason: 'resolved', alerts: ['p1 over !'] });
    t.hears('desk', { between: [2_030, 2_030], reason: 'resolved', alerts: ['p1 over !'] });
    const ofOps = t.notifications.filter(({ receiver }) => receiver === 'ops');
    expect(ofOps.map(({ group, sequence }) => [group.key, sequence])).toEqual([
      ['[null,"all",["host","a"]]', 1],
      ['[null,"all",["host","a"]]', 2],
    ]);
  });
});

test('even when the receiver and all routes are gone', () => {
  const config = aConfig({});
  timeline(config, (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(400).configure({ ...config, version: 2, receivers: [], trees: [] });
    t.at(500).over('p1');
    t.hears('ops', { between: [530, 530], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('routes that lead to the same receiver tell it once', () => {
  const routes = [
    aRoute({ name: 'first', continue: true, groupBy: ['host'] }),
    aRoute({ name: 'second', groupBy: ['port'] }),
  ];
  timeline(aConfig({ trees: [operatorTree({ routes })] }), (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    expect(t.state.lines.size).toBe(1);
    t.at(400).over('p1');
    t.hears('ops', { between: [430, 430], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('ends for which there is no room get notifications of their own', () => {
  timeline(aConfig({ limits: { named: 2 } }), (t) => {
    t.at(0).push('p1', { severity: 'critical' }).push('p2', { severity: 'critical' });
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1 !', 'p2 !'].toSorted(t.byFingerprint) });
    t.at(31).fires('p3', 'p4');
    const old = ['p3', 'p4'].toSorted(t.byFingerprint);
    t.hears('ops', { between: [330, 330], reason: 'new', alerts: old, leftOut: 2 });
    t.at(700).over('p1', 'p2', 'p3', 'p4');
    const worst = ['p1 over !', 'p2 over !'].toSorted(t.byFingerprint);
    t.hears('ops', { between: [730, 730], reason: 'resolved', alerts: worst });
    t.hears('ops', { between: [730, 730], reason: 'resolved', alerts: old.map((name) => `${name} over`) });
    t.at(2_000).fires('p5');
    t.hears('ops', { between: [2_030, 2_030], reason: 'new', alerts: ['p5'] });
    expect(t.notifications.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  });
});

test('what was only counted ends without a word, and is named when there is room', () => {
  timeline(aConfig({ limits: { named: 1 } }), (t) => {
    t.at(0).push('p1', { severity: 'critical' }).fires('p2');
    t.push('p3', { severity: 'info' });
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1 !'], leftOut: 2 });
    t.at(400).over('p3');
    t.silent([400, 1_000]);
    t.at(1_000).over('p1');
    t.hears('ops', { between: [1_030, 1_030], reason: 'resolved', alerts: ['p2', 'p1 over !'] });
    t.at(2_000).over('p2');
    t.hears('ops', { between: [2_030, 2_030], reason: 'resolved', alerts: ['p2 over'] });
  });
});

test('more alerts than there is room for are refused, and those that are over make room', () => {
  const limits = { ...defaultLimits, alerts: 2 };
  timeline(aConfig({ limits, trees: [operatorTree({ matchers: matchers('port=p1') })] }), (t) => {
    t.at(0).fires('p1', 'p2');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    const refused = () => t.refused;
    t.at(40).fires('p3');
    expect(refused()).toBe('alerts full');
    t.at(41).over('p1');
    t.hears('ops', { between: [330, 330], reason: 'resolved', alerts: ['p1 over'] });
    t.at(340).fires('p3');
    expect(refused()).toBe(null);
    expect(t.state.alerts.size).toBe(2);
  });
});

test('the oldest of those that are over are forgotten first', () => {
  timeline(aConfig({ limits: { alerts: 3 } }), (t) => {
    t.at(0).over('p1');
    t.at(1).over('p2');
    t.at(2).over('p1').over('p3');
    t.at(3).fires('p4');
    t.hears('ops', { between: [33, 33], reason: 'new', alerts: ['p4'] });
    t.at(40).push('p1', { entry: 2, status: 'firing' }).push('p3', { entry: 1, status: 'firing' });
    t.silent([40, 1_000]);
    expect(t.state.alerts.size).toBe(3);
  });
});

test('groups that are over are remembered, but no more than four for each alert that there is room for', () => {
  timeline(aConfig({ limits: { alerts: 2 }, trees: [operatorTree({ groupBy: ['port'] })] }), (t) => {
    for (let n = 0; n < 20; n++) {
      const name = `p${n}`;
      t.at(n * 1_000).fires(name);
      t.hears('ops', { between: [n * 1_000 + 30, n * 1_000 + 30], reason: 'new', alerts: [name] });
      t.at(n * 1_000 + 500).over(name);
      t.hears('ops', { between: [n * 1_000 + 530, n * 1_000 + 531], reason: 'resolved', alerts: [`${name} over`] });
      expect(t.state.lines.size).toBe(Math.min(n + 1, 8));
    }
    t.at(20_000).fires('p19');
    t.hears('ops', { between: [20_030, 20_030], reason: 'new', alerts: ['p19'] });
    expect(t.notifications.at(-1)?.sequence).toBe(3);
  });
});
