import type { Notification, NotificationReason } from '../notification.ts';
import { compareSeverity } from './acknowledge.ts';
import { type Duty, toldBy } from './duty.ts';
import { isFlapping, shownAlert, standingOf } from './standing.ts';
import type { AlertRecord, Line, Told } from './state.ts';

/** SHA-256 or the like of a text, in letters and digits: pure code has none of its own. */
export type Hash = (text: string) => string;

export interface Member {
  readonly record: AlertRecord;
  readonly duty: Duty;
}

export interface Moment {
  /** By the caller's clock, and by the machine's. */
  readonly now: number;
  readonly at: number;
  readonly hash: Hash;
  /** How many are named as firing, and how many as over. */
  readonly named: number;
}

export interface Telling {
  readonly line: Line;
  readonly notifications: readonly Notification[];
  /** Those whose marks changed. */
  readonly records: readonly AlertRecord[];
}

/**
 * Tells a group to a receiver as it stands: all that it knows of or is to know of, what is new of it first where there is no
 * room for all, and each end that it has not been told. Ends for which there is no room make notifications of their own, so
 * that none is only counted.
 */
export function tell(line: Line, members: readonly Member[], moment: Moment): Telling {
  if (line.terms.groupsItself === true) return tellNews(line, members, moment);
  const { at, named } = moment;
  const live = members.filter(({ record, duty }) => duty === 'new' || isLive(record, line, at));
  const chosen = [...live].sort((a, b) => rank(a, line) - rank(b, line) || compareWorst(a, b)).slice(0, named);
  const ended = members.filter(({ duty }) => duty === 'resolved').sort(compareWorst);
  const shown = [...chosen].sort((a, b) => place(a, at) - place(b, at) || compareWorst(a, b));
  const leftOut = live.length - chosen.length;
  const notifications = chunks(ended, named).map((part, index): Notification => {
    const reason = index === 0 ? reasonOf(line, members) : 'resolved';
    return { ...notificationOf(line, { index, reason, told: [...shown, ...part] }, moment), leftOut };
  });
  const isChosen = new Set(chosen);
  const records = [
    ...live
      .filter((member) => isChosen.has(member) || member.duty === 'new')
      .map((member) => marked(member.record, line, { at, isNamed: isChosen.has(member) })),
    ...ended.map(({ record }) => unmarked(record, line)),
  ];
  const told = { ...line, sequence: line.sequence + notifications.length, toldAt: at, newsAt: null };
  return { line: told, notifications, records };
}

/** What is new or changed, then what is over, each in as many notifications as it takes. */
function tellNews(line: Line, members: readonly Member[], moment: Moment): Telling {
  const { at, named } = moment;
  const news = members.filter(({ duty }) => duty === 'new' || duty === 'changed').sort(compareWorst);
  const ended = members.filter(({ duty }) => duty === 'resolved').sort(compareWorst);
  const parts = [news, ended].flatMap((all) => (all.length === 0 ? [] : chunks(all, named)));
  const notifications = parts.map((told, index) =>
    notificationOf(line, { index, reason: reasonOf(line, told), told }, moment),
  );
  const records = [
    ...news.map(({ record }) => marked(record, line, { at, isNamed: true })),
    ...ended.map(({ record }) => unmarked(record, line)),
  ];
  const told = { ...line, sequence: line.sequence + notifications.length, toldAt: at, newsAt: null };
  return { line: told, notifications, records };
}

interface Part {
  /** Its place among those that are told at once. */
  readonly index: number;
  readonly reason: NotificationReason;
  readonly told: readonly Member[];
}

function notificationOf(line: Line, { index, reason, told }: Part, { at, now, hash }: Moment): Notification {
  const { receiver, tenant, group } = line;
  const sequence = line.sequence + 1 + index;
  const alerts = told.map(({ record }) => shownAlert(record, at));
  return {
    ...{ id: idOf(line, sequence, hash), receiver, tenant, group, reason, sequence },
    ...{ at: now, alerts, leftOut: 0 },
  };
}

/** The same for the same notification whenever it is made again; never that of another. */
function idOf({ group, receiver, serial }: Line, sequence: number, hash: Hash): string {
  return hash(JSON.stringify([group.key, receiver, serial, sequence]));
}

/** The receiver was told of it and it is not over. */
function isLive(record: AlertRecord, line: Line, at: number): boolean {
  return toldBy(record, line) !== undefined && standingOf(record, at) !== 'over';
}

function reasonOf(line: Line, members: readonly Member[]): NotificationReason {
  const has = (duty: Duty) => members.some((member) => member.duty === duty);
  if (has('new')) return line.terms.escalates === null ? 'new' : 'escalated';
  if (has('changed')) return 'changed';
  return has('resolved') ? 'resolved' : 'repeated';
}

/** Who is named first: what is news, then what was named before, so that a repetition names the same ones. */
function rank({ record, duty }: Member, line: Line): number {
  if (duty === 'new' || duty === 'changed') return 0;
  return toldBy(record, line)?.isNamed === true ? 1 : 2;
}

/** Those that fire stand before those of which nobody knows. */
function place({ record }: Member, at: number): number {
  return standingOf(record, at) === 'fires' ? 0 : 1;
}

function compareWorst({ record: { alert: a } }: Member, { record: { alert: b } }: Member): number {
  return compareSeverity(a.severity, b.severity) || a.startsAt - b.startsAt || (a.fingerprint < b.fingerprint ? -1 : 1);
}

function marked(
  record: AlertRecord,
  line: Line,
  { at, isNamed }: { readonly at: number; readonly isNamed: boolean },
): AlertRecord {
  const before = toldBy(record, line);
  const isKnown = standingOf(record, at) === 'fires';
  const mark: Told = {
    receiver: line.receiver,
    line: line.key,
    // What cannot be judged now is shown, but its news is told once it is known.
    entry: isKnown ? record.alert.entry : (before?.entry ?? 0),
    since: before?.since ?? at,
    isFlapping: isKnown ? isFlapping(record, at) : (before?.isFlapping ?? false),
    isNamed,
  };
  return { ...record, told: [...record.told.filter((told) => told !== before), mark] };
}

export function unmarked(record: AlertRecord, line: Line): AlertRecord {
  const mark = toldBy(record, line);
  return { ...record, told: record.told.filter((told) => told !== mark) };
}

/** At least one, which may be empty. */
function chunks<T>(all: readonly T[], most: number): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let from = 0; from < Math.max(1, all.length); from += most) parts.push(all.slice(from, from + most));
  return parts;
}
