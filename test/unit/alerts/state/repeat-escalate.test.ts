import { expect, test } from 'vitest';
import { aConfig, aRoute, operatorTree } from './an-alert.ts';
import { type Timeline, timeline } from './timeline.ts';

const escalation = [
  { afterSeconds: 600, receivers: ['lead'] },
  { afterSeconds: 1_800, receivers: ['boss'] },
];
const escalating = aConfig({ receivers: ['ops', 'lead', 'boss'], trees: [operatorTree({ escalation })] });
const once = aConfig({
  receivers: ['ops', 'lead', 'boss'],
  trees: [operatorTree({ escalation, repeatIntervalSeconds: null })],
});

function toldAt30(t: Timeline): void {
  t.at(0).fires('p1');
  t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
}

test('what fires and nobody has acknowledged is repeated', () => {
  timeline(aConfig({}), (t) => {
    toldAt30(t);
    t.hears('ops', { between: [3_630, 3_630], reason: 'repeated', alerts: ['p1'] });
    t.hears('ops', { between: [7_230, 7_230], reason: 'repeated', alerts: ['p1'] });
    t.at(8_000).over('p1');
    t.hears('ops', { between: [8_030, 8_030], reason: 'resolved', alerts: ['p1 over'] });
    t.silent([8_031, 50_000]);
  });
});

test('what is told meanwhile puts the repetition off', () => {
  timeline(aConfig({}), (t) => {
    toldAt30(t);
    t.at(3_000).fires('p2');
    t.hears('ops', { between: [3_030, 3_030], reason: 'new', alerts: ['p1', 'p2'] });
    t.hears('ops', { between: [6_630, 6_630], reason: 'repeated', alerts: ['p1', 'p2'] });
  });
});

test('nothing is repeated faster than the interval of the group', () => {
  timeline(aConfig({ trees: [operatorTree({ groupIntervalSeconds: 5_000 })] }), (t) => {
    toldAt30(t);
    t.hears('ops', { between: [5_030, 5_030], reason: 'repeated', alerts: ['p1'] });
  });
});

test('an acknowledgement ends the repetition, and goes along with what is told', () => {
  timeline(aConfig({}), (t) => {
    toldAt30(t);
    t.at(100).acknowledge('p1', 'mai');
    t.silent([100, 50_000]);
    t.at(50_000).over('p1');
    t.hears('ops', { between: [50_030, 50_030], reason: 'resolved', alerts: ['p1 over'] });
    expect(t.notifications.at(-1)?.alerts[0]?.facts.acknowledgedBy).toBe('mai');
  });
});

test('one that is acknowledged does not keep another of its group from being repeated', () => {
  timeline(aConfig({}), (t) => {
    toldAt30(t);
    t.at(100).fires('p2');
    t.hears('ops', { between: [330, 330], reason: 'new', alerts: ['p1', 'p2'] });
    t.at(400).acknowledge('p1');
    t.hears('ops', { between: [3_930, 3_930], reason: 'repeated', alerts: ['p1', 'p2'] });
    t.at(4_000).acknowledge('p2');
    t.silent([4_000, 50_000]);
  });
});

test('an acknowledgement that comes with a change of the alert counts', () => {
  timeline(aConfig({}), (t) => {
    toldAt30(t);
    t.at(100).push('p1', { acknowledgedBy: 'mai' });
    t.silent([100, 50_000]);
    t.at(50_000).push('p1', { acknowledgedBy: null });
    t.hears('ops', { between: [50_001, 50_001], reason: 'repeated', alerts: ['p1'] });
  });
});

test('a worse severity takes the acknowledgement back, a lesser one does not', () => {
  timeline(once, (t) => {
    t.at(0).push('p1', { severity: 'info' });
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.at(100).acknowledge('p1');
    t.at(1_000).push('p1', { severity: 'critical' });
    t.hears('ops', { between: [1_030, 1_030], reason: 'changed', alerts: ['p1 !'] });
    t.hears('lead', { between: [1_600, 1_600], reason: 'escalated', alerts: ['p1 !'] });
    t.at(1_700).acknowledge('p1');
    t.at(1_800).push('p1', { severity: 'warning' });
    t.hears('ops', { between: [1_830, 1_830], reason: 'changed', alerts: ['p1'] });
    t.hears('lead', { between: [1_900, 1_900], reason: 'changed', alerts: ['p1'] });
    t.silent([1_901, 50_000]);
  });
});

test('whoever saw an earlier change has not acknowledged what it became', () => {
  timeline(once, (t) => {
    toldAt30(t);
    t.at(400).push('p1', { severity: 'critical' });
    t.hears('ops', { between: [430, 430], reason: 'changed', alerts: ['p1 !'] });
    t.at(440).acknowledge('p1', 'mai', 1);
    t.hears('lead', { between: [630, 630], reason: 'escalated', alerts: ['p1 !'] });
    t.at(640).acknowledge('p1', 'mai', 2);
    t.silent([640, 50_000]);
  });
});

test('an acknowledgement ends with what was acknowledged', () => {
  timeline(aConfig({}), (t) => {
    toldAt30(t);
    t.at(100).acknowledge('p1');
    t.at(200).over('p1');
    t.hears('ops', { between: [330, 330], reason: 'resolved', alerts: ['p1 over'] });
    t.at(1_000).fires('p1');
    t.hears('ops', { between: [1_030, 1_030], reason: 'new', alerts: ['p1'] });
    t.at(1_100).acknowledge('p1', 'mai', 1);
    t.hears('ops', { between: [4_630, 4_630], reason: 'repeated', alerts: ['p1'] });
  });
});

test('whoever saw it fire before has not acknowledged that it fires again', () => {
  timeline(aConfig({}), (t) => {
    toldAt30(t);
    t.at(200).over('p1');
    t.hears('ops', { between: [330, 330], reason: 'resolved', alerts: ['p1 over'] });
    t.at(1_000).fires('p1');
    t.hears('ops', { between: [1_030, 1_030], reason: 'new', alerts: ['p1'] });
    t.at(1_100).acknowledge('p1', 'mai', 2);
    t.hears('ops', { between: [4_630, 4_630], reason: 'repeated', alerts: ['p1'] });
  });
});

test('further receivers are told, one step after another, of what nobody acknowledges', () => {
  timeline(once, (t) => {
    toldAt30(t);
    t.hears('lead', { between: [630, 630], reason: 'escalated', alerts: ['p1'] });
    t.hears('boss', { between: [1_830, 1_830], reason: 'escalated', alerts: ['p1'] });
    t.silent([1_831, 20_000]);
    t.at(20_000).over('p1');
    t.hears('ops', { between: [20_030, 20_030], reason: 'resolved', alerts: ['p1 over'] });
    for (const receiver of ['lead', 'boss']) {
      t.hears(receiver, { between: [20_000, 20_030], reason: 'resolved', alerts: ['p1 over'] });
    }
  });
});

test('an acknowledgement stops the next step, and those who were told hear of the end', () => {
  timeline(escalating, (t) => {
    toldAt30(t);
    t.hears('lead', { between: [630, 630], reason: 'escalated', alerts: ['p1'] });
    t.at(700).acknowledge('p1');
    t.silent([700, 20_000]);
    t.at(20_000).over('p1');
    t.hears('lead', { between: [20_000, 20_030], reason: 'resolved', alerts: ['p1 over'] });
    t.hears('ops', { between: [20_030, 20_030], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('what is over in time is told to nobody further', () => {
  timeline(once, (t) => {
    toldAt30(t);
    t.at(620).over('p1');
    t.hears('ops', { between: [650, 650], reason: 'resolved', alerts: ['p1 over'] });
    t.silent([651, 20_000]);
  });
});

test('nobody further is told of what the first were not told of', () => {
  timeline(once, (t) => {
    t.at(0).silence('s1', ['port=p1'], 10_000);
    t.fires('p1');
    t.silent([0, 10_000]);
    t.hears('ops', { between: [10_030, 10_030], reason: 'new', alerts: ['p1'] });
    t.hears('lead', { between: [10_630, 10_630], reason: 'escalated', alerts: ['p1'] });
    t.at(10_700).acknowledge('p1');
  });
});

test('steps come by their time, in whatever order they are written', () => {
  const written = [escalation[1], { afterSeconds: 900, receivers: ['boss', 'lead'] }, escalation[0]].filter(
    (each) => each !== undefined,
  );
  timeline({ ...once, trees: [operatorTree({ escalation: written, repeatIntervalSeconds: null })] }, (t) => {
    toldAt30(t);
    t.hears('lead', { between: [630, 630], reason: 'escalated', alerts: ['p1'] });
    t.hears('boss', { between: [930, 930], reason: 'escalated', alerts: ['p1'] });
    t.silent([931, 20_000]);
  });
});

test('a receiver of the route is not told once more as a further one', () => {
  const tree = operatorTree({
    repeatIntervalSeconds: null,
    routes: [
      aRoute({
        name: 'first',
        receivers: ['ops'],
        escalation: [{ afterSeconds: 600, receivers: ['lead'] }],
        continue: true,
      }),
      aRoute({ name: 'second', receivers: ['lead'] }),
    ],
  });
  timeline(aConfig({ receivers: ['ops', 'lead'], trees: [tree] }), (t) => {
    toldAt30(t);
    t.hears('lead', { between: [30, 30], reason: 'new', alerts: ['p1'] });
    t.silent([31, 50_000]);
  });
});
