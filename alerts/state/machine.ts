import { FourninesError } from '../../core/runtime/error.ts';
import type { Alert, Labels } from '../alert.ts';
import type { Notification } from '../notification.ts';
import { acknowledge } from './acknowledge.ts';
import { changedRecord, isLater, placed } from './change.ts';
import type { AlertConfig } from './config.ts';
import { configProblems, silenceProblems } from './config-problems.ts';
import { Draft } from './draft.ts';
import { dutyOf, isOwed, linesOf } from './duty.ts';
import { newsAtOf } from './line.ts';
import { presentTerms } from './route.ts';
import { goingOn, type Silence, withoutSilence, withSilence } from './silence.ts';
import type { AlertRecord, State } from './state.ts';
import { isIdle, makeRoom, survey } from './survey.ts';
import type { Hash } from './tell.ts';

/** What can happen. Each may come again, or late, and then changes nothing. */
export type Input =
  | { readonly kind: 'time' }
  | { readonly kind: 'alert'; readonly alert: Alert }
  | { readonly kind: 'acknowledged'; readonly fingerprint: string; readonly entry: number; readonly by: string }
  | { readonly kind: 'silenced'; readonly silence: Silence }
  | { readonly kind: 'silence ended'; readonly id: string }
  | { readonly kind: 'configured'; readonly config: AlertConfig };

export interface Step {
  readonly state: State;
  /** In the order in which they go to each receiver. */
  readonly notifications: readonly Notification[];
  /** The instant of the caller's clock at which it wants to be told the time; null: nothing happens by itself. */
  readonly wakeAt: number | null;
  /** What came was not taken, and whoever brought it must keep it and tell: there is no room for another alert, or silence. */
  readonly refused: 'alerts full' | 'silences full' | null;
}

/**
 * From changes of alerts to what receivers are told. State in, one happening in, state out and what is to be handed on: the
 * same happenings at the same instants give the same bytes. State and notifications must be kept together, or neither.
 *
 * `now` is unix seconds; it may go back. `hash` makes ids and must always be the same. A configuration with problems throws
 * FN_ALERT_ROUTES.
 */
export function step(state: State, input: Input, { now, hash }: { readonly now: number; readonly hash: Hash }): Step {
  const draft = new Draft(state, now);
  const refused = take(draft, input);
  const notifications = draft.isDue ? survey(draft, hash) : [];
  return { state: draft.done(), notifications, wakeAt: draft.wakeAt, refused };
}

function take(draft: Draft, input: Input): Step['refused'] {
  switch (input.kind) {
    case 'time':
      return null;
    case 'alert':
      return takeAlert(draft, input.alert);
    case 'acknowledged': {
      const record = draft.alerts.get(input.fingerprint);
      const seen = record && acknowledge(record, input);
      if (seen !== undefined && seen !== record) draft.alerts.set(input.fingerprint, seen);
      return null;
    }
    case 'silenced':
      return takeSilence(draft, input.silence);
    case 'silence ended': {
      const silences = withoutSilence(draft.silences, input.id);
      if (silences !== draft.silences) draft.wake(draft.at);
      draft.silences = silences;
      return null;
    }
    case 'configured':
      takeConfig(draft, input.config);
      return null;
  }
}

function takeAlert(draft: Draft, alert: Alert): Step['refused'] {
  const { at, config } = draft;
  const before = draft.alerts.get(alert.fingerprint);
  if (!isLater(before, alert)) return null;
  if (before === undefined && !makeRoom(draft)) return 'alerts full';
  const { record, lines } = changedRecord(before, alert, { at, config });
  draft.alerts.set(alert.fingerprint, record);
  if (!isIdle(record, at)) for (const line of lines) draft.line(line);
  announce(draft, record);
  if (alert.freezes !== undefined) freeze(draft, alert.freezes, alert.status === 'firing');
  // What it hid, what was acknowledged of it or waited for it to be known may be due now.
  if (before !== undefined) draft.wake(at);
  return null;
}

/** Alerts with all of these labels can, or can no longer, be judged. */
function freeze(draft: Draft, labels: Labels, isFrozen: boolean): void {
  const wanted = Object.entries(labels);
  for (const record of [...draft.alerts.values()]) {
    const { fingerprint, labels: own } = record.alert;
    if (record.isFrozen === isFrozen || !wanted.every(([name, value]) => own[name] === value)) continue;
    draft.alerts.set(fingerprint, { ...record, isFrozen });
    draft.wake(draft.at);
  }
}

/** Lets the lines that are to tell of a change wait for it. Whether it is silenced or hidden is seen when they tell. */
function announce(draft: Draft, record: AlertRecord): void {
  const { at } = draft;
  for (const key of linesOf(record)) {
    const line = draft.lines.get(key);
    if (line === undefined) continue;
    if (!isOwed(dutyOf(record, line, { at, isMuted: () => false }))) continue;
    const newsAt = line.newsAt ?? newsAtOf(line, at);
    if (line.newsAt === null) draft.lines.set(key, { ...line, newsAt });
    draft.wake(newsAt);
  }
}

function takeSilence(draft: Draft, silence: Silence): Step['refused'] {
  refuse(silenceProblems(silence));
  const silences = withSilence(goingOn(draft.silences, draft.now), silence, draft.now);
  if (silences.length > draft.config.limits.silences) return 'silences full';
  draft.silences = silences;
  draft.wake(draft.at + silence.endsAt - draft.now);
  return null;
}

/** Alerts that fire are placed anew; groups that were told of them go on by what their routes say now. */
function takeConfig(draft: Draft, config: AlertConfig): void {
  if (config.version <= draft.config.version) return;
  refuse(configProblems(config));
  draft.config = config;
  const termsOf = presentTerms(config);
  for (const line of [...draft.lines.values()])
    draft.lines.set(line.key, { ...line, terms: termsOf(line) ?? line.terms });
  for (const record of [...draft.alerts.values()]) {
    const again = placed(record, config);
    draft.alerts.set(record.alert.fingerprint, again.record);
    if (!isIdle(record, draft.at)) for (const line of again.lines) draft.line(line);
  }
  draft.wake(draft.at);
}

/** Whoever brings it should have asked before: a pattern that cannot be read would stop every later step. */
function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new FourninesError('FN_ALERT_ROUTES', problems.slice(0, 20).join('; '));
}
