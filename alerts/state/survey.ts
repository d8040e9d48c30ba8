import type { Notification } from '../notification.ts';
import type { Draft } from './draft.ts';
import { type Circumstances, dutyOf, isOwed, linesOf } from './duty.ts';
import { escalatesAt } from './escalate.ts';
import { Hidden } from './inhibit.ts';
import { newsAtOf, repeatAtOf } from './line.ts';
import { seenLabels } from './matchers.ts';
import { goingOn, isSilenced } from './silence.ts';
import { hidesOthers, standingOf } from './standing.ts';
import type { AlertRecord, Line } from './state.ts';
import { type Hash, type Member, tell, unmarked } from './tell.ts';

/** Lines without alerts are kept for `keepSeconds`, but no more than so many for each alert that may be kept. */
const linesPerAlert = 4;

/**
 * Looks at every alert once and at every line once, tells what is due, and says when to look again. It runs at most once a
 * second, whatever comes in, so a storm of n alerts costs n looks.
 */
export function survey(draft: Draft, hash: Hash): readonly Notification[] {
  const { at, now } = draft;
  draft.awake();
  endSilences(draft);
  const { members, hidden } = gather(draft);
  const circumstances: Circumstances = {
    at,
    isMuted: (record, tenant) =>
      hidden.isHidden(record, tenant) ||
      (draft.silences.length > 0 && isSilenced(draft.silences, { tenant, labels: seenLabels(record.alert), now })),
  };
  const notifications: Notification[] = [];
  for (const line of inOrder(draft)) {
    const known = membersOf(draft, members.get(line.key) ?? [], line, circumstances);
    notifications.push(...review(draft, { line, members: known, hash }));
  }
  forget(draft, members);
  return notifications;
}

function endSilences(draft: Draft): void {
  draft.silences = goingOn(draft.silences, draft.now);
  for (const { endsAt, isEnded } of draft.silences) if (!isEnded) draft.wake(draft.at + endsAt - draft.now);
}

/** Nothing is to be told of it any more, unless it changes. */
export function isIdle(record: AlertRecord, at: number): boolean {
  return standingOf(record, at) === 'over' && record.told.length === 0;
}

/** Which alerts each line is concerned with, and what they hide. */
function gather(draft: Draft): { readonly members: ReadonlyMap<string, readonly string[]>; readonly hidden: Hidden } {
  const { at } = draft;
  const members = new Map<string, string[]>();
  const hidden = new Hidden();
  for (const record of draft.alerts.values()) {
    if (isIdle(record, at)) continue;
    if (record.heldUntil !== null && record.heldUntil > at) draft.wake(record.heldUntil);
    if (hidesOthers(record, at)) hidden.add(record);
    for (const key of linesOf(record)) {
      const known = members.get(key);
      if (known === undefined) members.set(key, [record.alert.fingerprint]);
      else known.push(record.alert.fingerprint);
    }
  }
  return { members, hidden };
}

/** By age, so that what is told in one second has one order. */
function inOrder(draft: Draft): readonly Line[] {
  return [...draft.lines.values()].sort((a, b) => a.serial - b.serial);
}

function membersOf(
  draft: Draft,
  fingerprints: readonly string[],
  line: Line,
  circumstances: Circumstances,
): readonly Member[] {
  return fingerprints
    .map((fingerprint) => draft.alerts.get(fingerprint))
    .filter((record) => record !== undefined)
    .map((record) => ({ record, duty: dutyOf(record, line, circumstances) }));
}

interface Reviewed {
  readonly line: Line;
  readonly members: readonly Member[];
  readonly hash: Hash;
}

/** Tells the group if it is due, or else notes when it will be. */
function review(draft: Draft, { line, members, hash }: Reviewed): readonly Notification[] {
  const { at, now } = draft;
  for (const { record, duty } of members) {
    if (duty === 'forgotten') draft.alerts.set(record.alert.fingerprint, unmarked(record, line));
  }
  const newsAt = members.some(({ duty }) => isOwed(duty)) ? (line.newsAt ?? newsAtOf(line, at)) : null;
  const repeatAt = members.some(({ duty }) => duty === 'standing') ? repeatAtOf(line) : null;
  if ((newsAt !== null && newsAt <= at) || (repeatAt !== null && repeatAt <= at)) {
    const told = tell(line, members, { now, at, hash, named: draft.config.limits.named });
    draft.lines.set(line.key, told.line);
    for (const record of told.records) draft.alerts.set(record.alert.fingerprint, record);
    // When it is told again is seen at the next look.
    draft.wake(at + 1);
    return told.notifications;
  }
  if (newsAt !== line.newsAt) draft.lines.set(line.key, { ...line, newsAt });
  for (const next of [newsAt, repeatAt]) if (next !== null) draft.wake(next);
  wakeToEscalate(draft, line, members);
  return [];
}

function wakeToEscalate(draft: Draft, { terms, receiver }: Line, members: readonly Member[]): void {
  if (terms.escalates === null) return;
  for (const { record } of members) {
    if (record.told.some((told) => told.receiver === receiver)) continue;
    const due = escalatesAt(record, terms.escalates);
    if (due !== null && due > draft.at) draft.wake(due);
  }
}

/** Drops what is over and told, and lines that nothing belongs to, once late changes of them are no longer awaited. */
function forget(draft: Draft, members: ReadonlyMap<string, readonly string[]>): void {
  const { at } = draft;
  const { keepSeconds, alerts } = draft.config.limits;
  for (const record of [...draft.alerts.values()]) {
    const isNeeded = !isIdle(record, at) && (record.known === 'firing' || record.told.length > 0);
    if (!isNeeded && at - record.seenAt >= keepSeconds) draft.alerts.delete(record.alert.fingerprint);
  }
  const usedAt = ({ toldAt, openedAt }: Line) => toldAt ?? openedAt;
  const unused = [...draft.lines.values()]
    .filter(({ key }) => !members.has(key))
    .sort((a, b) => usedAt(a) - usedAt(b) || a.serial - b.serial);
  const excess = draft.lines.size - alerts * linesPerAlert;
  for (const [index, line] of unused.entries()) {
    if (index < excess || at - usedAt(line) >= keepSeconds) draft.lines.delete(line.key);
  }
}

/**
 * Room for one alert more, by forgetting the oldest of those that are over and told before their time; false: all are needed.
 */
export function makeRoom(draft: Draft): boolean {
  const { alerts } = draft.config.limits;
  if (draft.alerts.size < alerts) return true;
  const idle = [...draft.alerts.values()].filter((record) => isIdle(record, draft.at));
  idle.sort((a, b) => a.seenAt - b.seenAt || (a.alert.fingerprint < b.alert.fingerprint ? -1 : 1));
  // Some more at once, so that this is not done for each.
  for (const { alert } of idle.slice(0, Math.ceil(alerts / 10))) draft.alerts.delete(alert.fingerprint);
  return draft.alerts.size < alerts;
}
