import { assert } from '../../core/runtime/error.ts';
import { type Alert, type AlertCause, type AlertLinks, type Labels, packetOwners } from '../alert.ts';
import type { Notification } from '../notification.ts';
import type { Address } from './address.ts';
import { cutText, lineOf } from './cut-text.ts';
import { groupStatus } from './group-state.ts';

/**
 * What programs are told: the `data` of webhooks and of CloudEvents. Instants are RFC 3339 in UTC; integers that may pass
 * 2^53 are strings; null is "nobody knows" or "there is none", and never zero. Keys are only ever added.
 */
export interface EventData {
  readonly id: string;
  readonly receiver: string;
  readonly tenant: string | null;
  readonly reason: Notification['reason'];
  readonly sequence: number;
  readonly at: string;
  /** The worst in the group; read that of each alert. */
  readonly status: Alert['status'];
  readonly group: { readonly key: string; readonly labels: Labels; readonly labelsLeftOut: number };
  readonly alerts: readonly AlertData[];
  /** Alerts of this notification that had no room; `page` has them. */
  readonly leftOut: number;
  readonly page: string;
}

export interface AlertData {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly labelsLeftOut: number;
  readonly severity: Alert['severity'];
  readonly status: Alert['status'];
  readonly entry: number;
  readonly startsAt: string | null;
  readonly endsAt: string | null;
  readonly changedAt: string | null;
  readonly event: string;
  readonly summary: string;
  readonly objective: Alert['facts']['objective'];
  readonly window: { readonly from: string | null; readonly to: string | null; readonly zone: string };
  /** `spent` of `allowed`: numerator and denominator of what is gone. */
  readonly budget: Alert['facts']['budget'];
  readonly exhaustedAt: string | null;
  readonly tier: string | null;
  /** Percent: the highest of 50, 75, 90 and 100 that is reached; null: none, or it is not about a budget. */
  readonly budgetLevel: number | null;
  readonly causes: readonly AlertCause[];
  readonly causesLeftOut: number;
  readonly tried: readonly string[];
  readonly triedLeftOut: number;
  readonly acknowledgedBy: string | null;
  readonly links: Omit<AlertLinks, 'timeline' | 'explain'> & {
    readonly timeline: string | null;
    readonly explain: string | null;
  };
}

/** Of what fits into a body: longer values are cut, longer lists counted. */
const nameLengthMax = 200;
const summaryLengthMax = 500;
const causesMax = 5;
const triedMax = 5;
const labelsBytesMax = 2_000;
const integerLengthMax = 40;
const fingerprintLengthMax = 128;

/**
 * What the event is called. Everything has one and the same schema of `data`; the name is there to choose by: that of the
 * change, where all alerts agree in it.
 */
export function eventType({ reason, alerts }: Notification): string {
  if (reason === 'test') return 'sla.test';
  const [event = '', ...others] = new Set(alerts.map(({ facts }) => facts.event));
  return others.length === 0 && eventForm.test(event) ? event : 'sla.alerts.changed';
}

/** Words of Standard Webhooks: letters, digits and underscores between dots. */
const eventForm = /^[A-Za-z0-9_]{1,40}(\.[A-Za-z0-9_]{1,40}){1,5}$/;

/** When the newest of what is told happened; when it was decided, if nothing happened. */
export function eventTime({ alerts, at }: Notification): string {
  const newest = alerts.reduce((latest, { changedAt }) => Math.max(latest, changedAt), Number.NEGATIVE_INFINITY);
  return instant(Number.isFinite(newest) ? newest : at) ?? '';
}

/**
 * The data of a notification with as many of its alerts as `write` can put into `bytesMax` bytes, the worst first; the
 * others are counted. An alert that alone is too large comes thin.
 */
export function fittedBody(
  notification: Notification,
  address: Address,
  bytesMax: number,
  write: (data: EventData) => string,
): { readonly body: Buffer; readonly leftOut: number } {
  const all = notification.alerts.length + notification.leftOut;
  const frame = Buffer.byteLength(write(eventData(notification, [], all, address)));
  const alerts = fitting(notification.alerts, bytesMax - frame, {
    full: (alert) => alertData(alert, address),
    thin: (alert) => thinned(alertData(alert, address), alert),
  });
  const leftOut = all - alerts.length;
  const body = Buffer.from(write(eventData(notification, alerts, leftOut, address)));
  assert(body.length <= bytesMax, `a body has at most ${bytesMax} bytes, not ${body.length}`);
  return { body, leftOut };
}

/** Forms of the first alerts, as many as have room as members of a JSON array. */
export function fitting<Form>(
  alerts: readonly Alert[],
  bytesMax: number,
  { full, thin }: { readonly full: (alert: Alert) => Form; readonly thin: (alert: Alert) => Form },
): Form[] {
  const kept: Form[] = [];
  let room = bytesMax;
  for (const alert of alerts) {
    const forms = kept.length === 0 ? [full, thin] : [full];
    const sized = forms.map((form) => {
      const formed = form(alert);
      return { formed, size: Buffer.byteLength(JSON.stringify(formed)) + 1 };
    });
    const found = sized.find(({ size }) => size <= room);
    if (found === undefined) break;
    kept.push(found.formed);
    room -= found.size;
  }
  return kept;
}

/** Everything but the alerts, for which see `alertData`. */
function eventData(
  notification: Notification,
  alerts: readonly AlertData[],
  leftOut: number,
  address: Address,
): EventData {
  return {
    id: notification.id,
    receiver: named(notification.receiver),
    tenant: notification.tenant === null ? null : named(notification.tenant),
    reason: notification.reason,
    sequence: notification.sequence,
    at: instant(notification.at) ?? '',
    status: groupStatus(notification.alerts),
    group: {
      key: lineOf(notification.group.key, summaryLengthMax),
      ...boundedLabels(notification.group.labels),
    },
    alerts,
    leftOut,
    page: address.url,
  };
}

function alertData(alert: Alert, address: Address): AlertData {
  const { facts } = alert;
  return {
    fingerprint: lineOf(alert.fingerprint, fingerprintLengthMax),
    ...boundedLabels(alert.labels),
    severity: alert.severity,
    status: alert.status,
    entry: alert.entry,
    startsAt: instant(alert.startsAt),
    endsAt: instant(alert.endsAt),
    changedAt: instant(alert.changedAt),
    event: named(facts.event),
    summary: lineOf(facts.summary, summaryLengthMax),
    objective: {
      name: named(facts.objective.name),
      version: facts.objective.version,
      indicator: named(facts.objective.indicator),
    },
    window: { from: instant(facts.window.from), to: instant(facts.window.to), zone: named(facts.window.zone) },
    budget: boundedBudget(facts.budget),
    exhaustedAt: instant(facts.exhaustedAt),
    tier: facts.tier === null ? null : named(facts.tier),
    budgetLevel: facts.budgetLevel,
    causes: facts.causes.slice(0, causesMax).map(boundedCause),
    causesLeftOut: Math.max(0, facts.causes.length - causesMax),
    tried: facts.tried.slice(0, triedMax).map(named),
    triedLeftOut: Math.max(0, facts.tried.length - triedMax),
    acknowledgedBy: facts.acknowledgedBy === null ? null : named(facts.acknowledgedBy),
    links: {
      page: address.link(facts.links.page),
      evidence: facts.links.evidence === null ? null : address.link(facts.links.evidence),
      timeline: facts.links.timeline === undefined ? null : address.link(facts.links.timeline),
      explain: facts.links.explain === undefined ? null : address.link(facts.links.explain),
      ...actLinks(facts.links, address),
    },
  };
}

function actLinks({ acknowledge, silence }: AlertLinks, address: Address) {
  return {
    ...(acknowledge === undefined ? {} : { acknowledge: address.link(acknowledge) }),
    ...(silence === undefined ? {} : { silence: address.link(silence) }),
  };
}

/**
 * The alert without what can be looked up: for one that alone is larger than a body may be. The numbers that are left out
 * are in the counts beside each list.
 */
function thinned(full: AlertData, alert: Alert): AlertData {
  return {
    ...full,
    labels: {},
    labelsLeftOut: Object.keys(alert.labels).length,
    summary: cutText(full.summary, nameLengthMax),
    causes: [],
    causesLeftOut: alert.facts.causes.length,
    tried: [],
    triedLeftOut: alert.facts.tried.length,
    links: { ...full.links, timeline: null, explain: null },
  };
}

/** RFC 3339 in UTC, to the second; null for what is no instant. */
export function instant(seconds: number | null): string | null {
  if (seconds === null) return null;
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : `${date.toISOString().slice(0, -5)}Z`;
}

function named(text: string): string {
  return lineOf(text, nameLengthMax);
}

/** A label is whole or it is left out: half a value would route to somebody else. */
function boundedLabels(labels: Labels): { readonly labels: Labels; readonly labelsLeftOut: number } {
  const all = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  let bytes = 0;
  const fitting = all.filter((label) => {
    if (label[0].length + label[1].length > labelsBytesMax) return false;
    const size = Buffer.byteLength(JSON.stringify(label));
    if (bytes + size > labelsBytesMax) return false;
    bytes += size;
    return true;
  });
  return { labels: Object.fromEntries(fitting), labelsLeftOut: all.length - fitting.length };
}

function boundedBudget(budget: Alert['facts']['budget']): Alert['facts']['budget'] {
  if (budget === null) return null;
  const fits = [budget.allowed, budget.spent, budget.remaining].every((text) => text.length <= integerLengthMax);
  return fits ? budget : null;
}

function boundedCause({ cause, owner, host, port, packets, owners }: AlertCause): AlertCause {
  const isCounted = owners !== undefined && packetOwners.every((each) => owners[each].length <= integerLengthMax);
  return {
    cause: named(cause),
    owner: named(owner),
    host: named(host),
    port: named(port),
    packets: packets === null || packets.length > integerLengthMax ? null : packets,
    ...(isCounted ? { owners } : {}),
  };
}
