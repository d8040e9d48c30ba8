import type { Alert } from '../alert.ts';
import type { AlertRecord } from './state.ts';

/** What an alert is for those who are told of it. One that flaps fires until it was quiet. */
export type Standing = 'fires' | 'over' | 'unknown';

export function isFlapping({ heldUntil }: AlertRecord, at: number): boolean {
  return heldUntil !== null && at < heldUntil;
}

export function standingOf(record: AlertRecord, at: number): Standing {
  if (isUnknown(record)) return 'unknown';
  if (isFlapping(record, at)) return 'fires';
  return record.alert.status === 'firing' ? 'fires' : 'over';
}

/** An end that came is known, whatever is missing. */
function isUnknown({ alert, isFrozen }: AlertRecord): boolean {
  return alert.status === 'unknown' || (isFrozen && alert.status === 'firing');
}

/** What is not known stays as it was: it goes on hiding what it hid. */
export function hidesOthers(record: AlertRecord, at: number): boolean {
  const standing = standingOf(record, at);
  return standing === 'fires' || (standing === 'unknown' && record.known === 'firing');
}

/** The alert as a receiver is told of it. */
export function shownAlert(record: AlertRecord, at: number): Alert {
  const { alert, acknowledged } = record;
  const shown = { ...alert, facts: { ...alert.facts, acknowledgedBy: acknowledged?.by ?? null } };
  if (isUnknown(record)) return { ...shown, status: 'unknown' };
  if (!isFlapping(record, at)) return shown;
  return { ...shown, status: 'firing', endsAt: null, flapping: true };
}
