import { expect, test } from 'vitest';
import { ongoingFor } from '../../../../alerts/state/ongoing.ts';
import { aConfig, operatorTree } from './an-alert.ts';
import { type Timeline, timeline } from './timeline.ts';

const manager = { name: 'am', tenant: null, groupsItself: true } as const;
const config = aConfig({
  receivers: ['ops', manager],
  trees: [operatorTree({ receivers: ['am'] })],
  limits: { named: 2 },
});

/** Names of what goes on for it, as it would be told at the story's present. */
function ongoing(t: Timeline, receiver = 'am'): string[] {
  const records = t.state.alerts.parts.flatMap((part) => Object.values(part ?? {}));
  const alerts = records.flatMap((record) => ongoingFor(record, receiver, { clock: t.state.clock, now: t.now }) ?? []);
  return alerts.map(({ labels, status }) => `${labels['port']} ${status}`).sort();
}

test('it waits for nobody, is told news alone, all of it, and never a repetition', () => {
  timeline(config, (t) => {
    t.at(0).fires('p1', 'p2', 'p3', 'p4', 'p5');
    const all = ['p1', 'p2', 'p3', 'p4', 'p5'].toSorted(t.byFingerprint);
    t.hears('am', { between: [1, 1], reason: 'new', alerts: all.slice(0, 2) });
    t.hears('am', { between: [1, 1], reason: 'new', alerts: all.slice(2, 4) });
    t.hears('am', { between: [1, 1], reason: 'new', alerts: all.slice(4) });
    t.at(100).fires('p6');
    t.hears('am', { between: [101, 101], reason: 'new', alerts: ['p6'] });
    t.at(200).fires('p7').over('p1', 'p2', 'p3');
    const over = ['p1 over', 'p2 over', 'p3 over'].toSorted(t.byFingerprint);
    t.hears('am', { between: [201, 201], reason: 'new', alerts: ['p7'] });
    t.hears('am', { between: [201, 201], reason: 'resolved', alerts: over.slice(0, 2) });
    t.hears('am', { between: [201, 201], reason: 'resolved', alerts: over.slice(2) });
    t.silent([202, 100_000]);
    expect(ongoing(t)).toEqual(['p4 firing', 'p5 firing', 'p6 firing', 'p7 firing']);
  });
});

test('what goes on is what it was told and not yet the end of, whatever hides, silences or doubts it', () => {
  timeline(config, (t) => {
    t.at(0).fires('p1', 'p2', 'p3');
    const all = ['p1', 'p2', 'p3'].toSorted(t.byFingerprint);
    expect(ongoing(t)).toEqual([]);
    t.hears('am', { between: [1, 1], reason: 'new', alerts: all.slice(0, 2) });
    t.hears('am', { between: [1, 1], reason: 'new', alerts: all.slice(2) });
    t.at(10).unknown('p1');
    t.silence('s', ['port=p2'], 500);
    t.silent([10, 100]);
    expect(ongoing(t)).toEqual(['p1 unknown', 'p2 firing', 'p3 firing']);
    expect(ongoing(t, 'ops')).toEqual([]);
    t.at(100).over('p3');
    // Not told yet, and told by nobody as going on.
    expect(ongoing(t)).toEqual(['p1 unknown', 'p2 firing']);
    t.hears('am', { between: [101, 101], reason: 'resolved', alerts: ['p3 over'] });
    t.silent([102, 400]);
  });
});
