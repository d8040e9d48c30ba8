import { type Alert, type Severity, severities } from '../alert.ts';
import type { Acknowledgement, AlertRecord } from './state.ts';

/** The worst first. */
export function compareSeverity(a: Severity, b: Severity): number {
  return severities.indexOf(a) - severities.indexOf(b);
}

/**
 * Who has acknowledged an alert after a change. What its source says anew holds. Else it stays as it was, unless the alert
 * has become worse than what they saw, or begins to fire once more: then somebody must look again.
 */
export function acknowledgedAfter(
  before: AlertRecord | undefined,
  alert: Alert,
  { isNewEpisode }: { readonly isNewEpisode: boolean },
): Acknowledgement | null {
  const { severity } = alert;
  const by = alert.facts.acknowledgedBy;
  if (before === undefined || isNewEpisode || by !== before.alert.facts.acknowledgedBy) {
    return by === null ? null : { by, severity };
  }
  const known = before.acknowledged;
  return known !== null && compareSeverity(severity, known.severity) < 0 ? null : known;
}

/**
 * An operator has seen its change number `entry`. The same record when that says nothing new, or the alert has become worse or
 * begun once more since: a click on an old page does not stop what nobody has looked at.
 */
export function acknowledge(
  record: AlertRecord,
  { by, entry }: { readonly by: string; readonly entry: number },
): AlertRecord {
  const { alert, acknowledged, openEntry } = record;
  if (entry < openEntry || acknowledged?.by === by) return record;
  return { ...record, acknowledged: { by, severity: alert.severity } };
}
