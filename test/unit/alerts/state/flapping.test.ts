import { test } from 'vitest';
import type { FlappingTerms } from '../../../../alerts/state/config.ts';
import { aConfig, operatorTree } from './an-alert.ts';
import { type Timeline, timeline } from './timeline.ts';

const flapping: FlappingTerms = { changes: 3, withinSeconds: 100, quietSeconds: 500 };
const quick = operatorTree({ groupWaitSeconds: 1, groupIntervalSeconds: 1 });
const config = aConfig({ flapping, trees: [quick] });

/** Fires, over, fires, over, ten seconds apart; the fourth change is one too many. */
function flap(t: Timeline): void {
  t.at(0).fires('p1');
  t.hears('ops', { between: [1, 1], reason: 'new', alerts: ['p1'] });
  t.at(10).over('p1');
  t.hears('ops', { between: [11, 11], reason: 'resolved', alerts: ['p1 over'] });
  t.at(20).fires('p1');
  t.hears('ops', { between: [21, 21], reason: 'new', alerts: ['p1'] });
  t.at(30).over('p1');
  t.hears('ops', { between: [31, 31], reason: 'changed', alerts: ['p1 flapping'] });
}

test('what changes too often is told as flapping once, and as over when it has been quiet', () => {
  timeline(config, (t) => {
    flap(t);
    t.at(40).fires('p1');
    t.at(200).over('p1');
    t.silent([32, 699]);
    t.hears('ops', { between: [700, 701], reason: 'resolved', alerts: ['p1 over'] });
    t.silent([702, 10_000]);
  });
});

test('what still fires after it was quiet is told as firing, and its end, too', () => {
  timeline(config, (t) => {
    flap(t);
    t.at(40).fires('p1');
    t.silent([41, 539]);
    t.hears('ops', { between: [540, 541], reason: 'changed', alerts: ['p1'] });
    t.at(1_000).over('p1');
    t.hears('ops', { between: [1_001, 1_001], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('it is not repeated while it flaps', () => {
  timeline(aConfig({ flapping, trees: [operatorTree({ ...quick.root, repeatIntervalSeconds: 60 })] }), (t) => {
    flap(t);
    for (const at of [100, 300, 500])
      t.at(at)
        .fires('p1')
        .at(at + 50)
        .over('p1');
    t.silent([32, 1_049]);
    t.hears('ops', { between: [1_050, 1_051], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('what flaps and nobody acknowledges goes on to further receivers', () => {
  const escalation = [{ afterSeconds: 100, receivers: ['boss'] }];
  const root = { ...quick.root, repeatIntervalSeconds: null, escalation };
  timeline(aConfig({ flapping, receivers: ['ops', 'boss'], trees: [operatorTree(root)] }), (t) => {
    flap(t);
    t.hears('boss', { between: [121, 121], reason: 'escalated', alerts: ['p1 flapping'] });
    t.hears('ops', { between: [530, 531], reason: 'resolved', alerts: ['p1 over'] });
    t.hears('boss', { between: [530, 531], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('what flaps before anybody was told is told as flapping', () => {
  timeline(aConfig({ flapping }), (t) => {
    t.at(0).fires('p1');
    t.at(5).over('p1');
    t.at(10).fires('p1');
    t.at(15).over('p1');
    t.hears('ops', { between: [30, 45], reason: 'new', alerts: ['p1 flapping'] });
    t.hears('ops', { between: [515, 545], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('changes further apart are no flapping', () => {
  timeline(config, (t) => {
    for (const at of [0, 1_000, 2_000]) {
      t.at(at).fires('p1');
      t.hears('ops', { between: [at + 1, at + 1], reason: 'new', alerts: ['p1'] });
      t.at(at + 90).over('p1');
      t.hears('ops', { between: [at + 91, at + 91], reason: 'resolved', alerts: ['p1 over'] });
    }
  });
});

test('becoming unknown and known again is no change of that kind', () => {
  timeline(config, (t) => {
    t.at(0).fires('p1');
    t.hears('ops', { between: [1, 1], reason: 'new', alerts: ['p1'] });
    for (const at of [10, 20, 30])
      t.at(at)
        .unknown('p1')
        .at(at + 5)
        .fires('p1');
    t.at(40).over('p1');
    t.hears('ops', { between: [41, 41], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('what is not known when the quiet is over is not told as over', () => {
  timeline(config, (t) => {
    flap(t);
    t.at(100).unknown('p1');
    t.silent([32, 2_000]);
    t.at(2_000).over('p1');
    t.hears('ops', { between: [2_001, 2_001], reason: 'resolved', alerts: ['p1 over'] });
  });
});

test('without terms each change is told', () => {
  timeline(aConfig({ trees: [quick] }), (t) => {
    for (const at of [0, 20, 40]) {
      t.at(at).fires('p1');
      t.hears('ops', { between: [at + 1, at + 1], reason: 'new', alerts: ['p1'] });
      t.at(at + 10).over('p1');
      t.hears('ops', { between: [at + 11, at + 11], reason: 'resolved', alerts: ['p1 over'] });
    }
  });
});
