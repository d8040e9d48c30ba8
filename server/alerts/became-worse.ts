import { compareSeverity } from '../../alerts/state/acknowledge.ts';
import type { HashedRow } from '../breach/change-row.ts';
import { alertOfChange } from './alert-of-change.ts';

/** Whether a breach became worse, or began once more, after a change that somebody saw: they have not seen that. */
export function becameWorse(changes: readonly Pick<HashedRow, 'row'>[], seenEntry: number): boolean {
  const alerts = changes.filter(({ row }) => row.entry >= seenEntry).map(({ row }) => alertOfChange(row, ''));
  return alerts.some((alert, i) => {
    const before = alerts[i - 1];
    if (before === undefined) return false;
    const beganAnew = before.status !== 'firing' && alert.status === 'firing';
    return beganAnew || compareSeverity(alert.severity, before.severity) < 0;
  });
}
