import { expect, test } from 'vitest';
import { rowChanges, type StateRow, stateOf } from '../../../../alerts/state/rows.ts';
import { emptyState } from '../../../../alerts/state/state.ts';
import { aConfig } from './an-alert.ts';
import { timeline } from './timeline.ts';

test('a step writes the rows that it changed', () => {
  timeline(aConfig({}), (t) => {
    t.at(10).fires('p1', 'p2', 'p3');
    const before = t.state;
    t.at(11).over('p2');
    const { puts, deletes } = rowChanges(before, t.state);
    expect(puts.map(({ kind }) => kind)).toEqual(['head', 'alert']);
    expect(deletes).toEqual([]);
    t.at(12).over('p1', 'p3');
  });
});

test('rows in any order give the state', () => {
  timeline(aConfig({ limits: { keepSeconds: 100 } }), (t) => {
    t.at(0).fires('p1', 'p2');
    t.hears('ops', { between: [30, 30], reason: 'new', alerts: ['p1', 'p2'].toSorted(t.byFingerprint) });
    const before = t.state;
    const rows = new Map<string, StateRow>();
    const write = ({ puts, deletes }: ReturnType<typeof rowChanges>) => {
      for (const { kind, key } of deletes) rows.delete(`${kind} ${key}`);
      for (const row of puts) rows.set(`${row.kind} ${row.key}`, JSON.parse(JSON.stringify(row)));
    };
    write(rowChanges(emptyState, before));
    t.at(40).over('p1');
    t.hears('ops', { between: [330, 331], reason: 'resolved', alerts: ['p2', 'p1 over'] });
    const changes = rowChanges(before, t.state);
    expect(changes.deletes).toHaveLength(1);
    write(changes);
    expect(stateOf([...rows.values()].reverse())).toEqual(t.state);
    expect(stateOf([])).toEqual(emptyState);
  });
});
