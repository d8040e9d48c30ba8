import { escalatesAt } from './escalate.ts';
import { isFlapping, standingOf } from './standing.ts';
import type { AlertRecord, Line, Told } from './state.ts';

/**
 * What a line owes for an alert. `forgotten`: it is over, and the receiver had only counted it. `standing`: it may be
 * repeated. `none`: nothing now.
 */
export type Duty = 'new' | 'changed' | 'resolved' | 'forgotten' | 'standing' | 'none';

export interface Circumstances {
  /** The machine's time. */
  readonly at: number;
  /** Silenced or hidden for the routes of that tenant. */
  readonly isMuted: (record: AlertRecord, tenant: string | null) => boolean;
}

export function toldBy(record: AlertRecord, { key, receiver }: Pick<Line, 'key' | 'receiver'>): Told | undefined {
  return record.told.find((told) => told.receiver === receiver && told.line === key);
}

export function isOwed(duty: Duty): boolean {
  return duty === 'new' || duty === 'changed' || duty === 'resolved';
}

/** The lines that an alert concerns: for each receiver the one that told it, or else the one that would. */
export function linesOf({ told, ways }: AlertRecord): readonly string[] {
  const open = ways.filter((way) => !told.some(({ receiver }) => receiver === way.receiver));
  return [...told, ...open].map(({ line }) => line);
}

/**
 * What a line owes for an alert that concerns it. The end is told to whoever was told of the beginning, whatever was silenced,
 * hidden or routed elsewhere meanwhile.
 */
export function dutyOf(record: AlertRecord, line: Line, circumstances: Circumstances): Duty {
  const { at, isMuted } = circumstances;
  const told = toldBy(record, line);
  const standing = standingOf(record, at);
  if (told !== undefined && standing === 'over') return told.isNamed ? 'resolved' : 'forgotten';
  if (standing !== 'fires') return 'none';
  const hasWay = record.ways.some(({ receiver }) => receiver === line.receiver);
  if (!hasWay || isMuted(record, line.tenant)) return 'none';
  if (told !== undefined) return dutyToTold(record, told, at);
  const dueAt = line.terms.escalates === null ? at : escalatesAt(record, line.terms.escalates);
  return dueAt !== null && dueAt <= at ? 'new' : 'none';
}

function dutyToTold(record: AlertRecord, told: Told, at: number): Duty {
  const flaps = isFlapping(record, at);
  if (flaps !== told.isFlapping) return 'changed';
  if (flaps) return 'none';
  if (record.news > told.entry) return 'changed';
  return record.acknowledged === null ? 'standing' : 'none';
}
