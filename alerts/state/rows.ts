import { changesBetween, shardsOf } from './shards.ts';
import { type AlertRecord, emptyState, type Line, type State } from './state.ts';

/** A state in rows, so that a step writes what it changed and not everything. */
export type StateRow =
  | { readonly kind: 'alert'; readonly key: string; readonly value: AlertRecord }
  | { readonly kind: 'line'; readonly key: string; readonly value: Line }
  /** One alone, with an empty key: clock, configuration, silences. */
  | { readonly kind: 'head'; readonly key: ''; readonly value: Omit<State, 'alerts' | 'lines'> };

export interface RowChanges {
  readonly puts: readonly StateRow[];
  readonly deletes: readonly Pick<StateRow, 'kind' | 'key'>[];
}

/** What turns the rows of one state into those of a later one. */
export function rowChanges(before: State, after: State): RowChanges {
  const alerts = changesBetween(before.alerts, after.alerts);
  const lines = changesBetween(before.lines, after.lines);
  const { alerts: _alerts, lines: _lines, ...head } = after;
  return {
    puts: [
      { kind: 'head', key: '', value: head },
      ...alerts.puts.map(([key, value]) => ({ kind: 'alert', key, value }) as const),
      ...lines.puts.map(([key, value]) => ({ kind: 'line', key, value }) as const),
    ],
    deletes: [
      ...alerts.deletes.map((key) => ({ kind: 'alert', key }) as const),
      ...lines.deletes.map((key) => ({ kind: 'line', key }) as const),
    ],
  };
}

/** The state that rows in any order are of; without any it is empty. */
export function stateOf(rows: readonly StateRow[]): State {
  let head: Omit<State, 'alerts' | 'lines'> = emptyState;
  const alerts: [string, AlertRecord][] = [];
  const lines: [string, Line][] = [];
  for (const row of rows) {
    if (row.kind === 'head') head = row.value;
    else if (row.kind === 'alert') alerts.push([row.key, row.value]);
    else lines.push([row.key, row.value]);
  }
  return { ...head, alerts: shardsOf(alerts), lines: shardsOf(lines) };
}
