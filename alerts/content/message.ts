import { FourninesError } from '../../core/runtime/error.ts';
import type { Alert, AlertStatus } from '../alert.ts';
import type { FormContext, FormNotice } from '../channel.ts';
import type { Notification } from '../notification.ts';
import { Address } from './address.ts';
import { alertScope, type OptionalValues, scopeOf, shownName, shownSummary } from './alert-scope.ts';
import { cutText, lineOf } from './cut-text.ts';
import { groupSeverity, groupStatus } from './group-state.ts';
import { leftOutNotices } from './left-out-notice.ts';
import { sampleNotification } from './sample.ts';
import { type Speaker, speakerFor } from './speaker.ts';
import { checkTemplate, parseTemplate, renderTemplate, type TemplateScope } from './template.ts';

/** A notification in words, for channels that people read. */
export interface Message {
  /** One line. */
  readonly title: string;
  /** Lines of plain text; every link in it lies below the product's address. */
  readonly text: string;
  readonly links: readonly MessageLink[];
  /** Of the words: what belongs into a lang attribute. */
  readonly language: string;
  readonly speaker: Speaker;
  readonly address: Address;
  readonly notices: readonly FormNotice[];
}

interface MessageOptions {
  /** How many alerts are told one by one. */
  readonly listedMax?: number;
  readonly speaker?: Speaker;
}

export interface MessageLink {
  readonly label: string;
  readonly url: string;
}

const titleLengthMax = 200;
const textLengthMax = 32_768;
/** Nobody reads more at once; the rest is counted and linked. */
const alertsListedMax = 20;

/**
 * Puts a notification into words, by the receiver's template if it has one. A template that cannot be used costs nobody the
 * notification: the built-in one takes its place, and the text says so.
 */
export function messageOf(
  notification: Notification,
  context: Pick<FormContext, 'baseUrl' | 'language' | 'zone' | 'template'>,
  { listedMax = alertsListedMax, speaker = speakerFor(context.language, context.zone) }: MessageOptions = {},
): Message {
  const address = new Address(context.baseUrl);
  const telling = { speaker, address, listedMax };
  const title = rendered(context.template?.title, speaker.builtin('title'), notification, telling);
  const text = rendered(context.template?.text, speaker.builtin('text'), notification, telling);
  const leftOut = leftOutOf(notification, listedMax);
  const notices = [...noticesOf([title.problem, text.problem], speaker), ...leftOutNotices(leftOut)];
  const told = notices.filter(({ code }) => code !== 'left_out').map(({ message }) => message);
  return {
    title: lineOf(title.text, titleLengthMax) || cutText(titleOf(notification, speaker), titleLengthMax),
    text: [text.text.replaceAll(/\n{3,}/g, '\n\n').trim(), ...told].join('\n\n'),
    links: linksOf(notification, speaker, address),
    language: speaker.language,
    speaker,
    address,
    notices,
  };
}

/**
 * As `messageOf`, for a channel that takes no more than `lengthMax` as it counts: fewer alerts are told one by one until it
 * fits, and the text is cut only when a single one is too long.
 */
export function messageWithin(
  notification: Notification,
  context: Pick<FormContext, 'baseUrl' | 'language' | 'zone' | 'template'>,
  { listedMax, lengthMax, lengthOf }: { listedMax: number; lengthMax: number; lengthOf: (text: string) => number },
): Message {
  for (let count = Math.min(listedMax, notification.alerts.length); count > 1; count--) {
    const message = messageOf(notification, context, { listedMax: count });
    if (lengthOf(message.text) <= lengthMax) return message;
  }
  const message = messageOf(notification, context, { listedMax: 1 });
  let { text } = message;
  while (lengthOf(text) > lengthMax) text = cutText(text, Math.ceil(text.length * 0.9) - 1);
  return { ...message, text };
}

/** Checks and fills a template for the page: throws what is wrong with it instead of falling back. */
export function previewTemplate(
  template: string,
  context: Pick<FormContext, 'baseUrl' | 'language' | 'zone'>,
  notification: Notification = sampleNotification,
): string {
  const speaker = speakerFor(context.language, context.zone);
  return filled(template, notification, {
    speaker,
    address: new Address(context.baseUrl),
    listedMax: alertsListedMax,
  });
}

interface Rendered {
  readonly text: string;
  readonly problem: string | undefined;
}

/** Whether a template has a mistake must not hang on what happens to be told: it is checked against the sample first. */
function filled(template: string, notification: Notification, telling: Telling): string {
  const parsed = parseTemplate(template);
  checkTemplate(parsed, notificationScope(sampleNotification, telling));
  return renderTemplate(parsed, notificationScope(notification, telling), textLengthMax);
}

function rendered(own: string | undefined, builtin: string, notification: Notification, telling: Telling): Rendered {
  // What is built in has a bound of its own: that of the values and of how many alerts are listed.
  const fromBuiltin = (): string =>
    renderTemplate(parseTemplate(builtin), notificationScope(notification, telling), Number.POSITIVE_INFINITY);
  if (own === undefined) return { text: fromBuiltin(), problem: undefined };
  try {
    return { text: filled(own, notification, telling), problem: undefined };
  } catch (error) {
    if (!(error instanceof FourninesError) || error.code !== 'FN_TEMPLATE') throw error;
    return { text: fromBuiltin(), problem: error.message };
  }
}

function noticesOf(problems: readonly (string | undefined)[], speaker: Speaker): FormNotice[] {
  const notices: FormNotice[] = [];
  for (const problem of problems) {
    if (problem === undefined) continue;
    const message = speaker.say('notice.template', { problem: lineOf(problem, 200) });
    notices.push({ code: 'template', message });
  }
  if (speaker.unknownZone !== undefined) {
    notices.push({ code: 'zone', message: speaker.say('notice.zone', { zone: speaker.unknownZone }) });
  }
  return notices;
}

interface Telling {
  readonly speaker: Speaker;
  readonly address: Address;
  readonly listedMax: number;
}

/** What a template can name of a whole notification; within `{#alerts}` the names of each alert come first. */
function notificationScope(notification: Notification, telling: Telling): TemplateScope {
  const { speaker, address, listedMax } = telling;
  const own = scopeOf(notificationValues(notification, telling), speaker);
  const listed = notification.alerts.slice(0, listedMax);
  return {
    value: (name) => own.value(name),
    list: (name) => (name === 'alerts' ? listed.map((alert) => alertScope(alert, speaker, address)) : undefined),
  };
}

function notificationValues(notification: Notification, { speaker, address, listedMax }: Telling): OptionalValues {
  const { alerts, reason } = notification;
  const total = alerts.length + notification.leftOut;
  const leftOut = leftOutOf(notification, listedMax);
  return {
    id: shownName(notification.id),
    receiver: shownName(notification.receiver),
    tenant: notification.tenant === null ? null : shownName(notification.tenant),
    group: shownName(notification.group.key),
    title: titleOf(notification, speaker),
    status: speaker.say(`status.${groupStatus(alerts)}`),
    severity: speaker.say(`severity.${groupSeverity(alerts)}`),
    reason,
    reason_line: speaker.say(`reason.${reason}`),
    counts_line: total > 1 ? countsLine(alerts, speaker) : null,
    count: speaker.integer(BigInt(total)),
    left_out: leftOut > 0 ? speaker.integer(BigInt(leftOut)) : null,
    left_out_line: leftOut > 0 ? speaker.count('left.out', BigInt(leftOut), { url: address.url }) : null,
    sequence: speaker.integer(BigInt(notification.sequence)),
    at: speaker.time(notification.at),
    home_url: address.url,
  };
}

function leftOutOf({ alerts, leftOut }: Notification, listedMax: number): number {
  return leftOut + Math.max(0, alerts.length - listedMax);
}

function titleOf({ alerts, leftOut, receiver, reason }: Notification, speaker: Speaker): string {
  const [first] = alerts;
  if (first === undefined || reason === 'test') return speaker.say('title.test', { receiver: shownName(receiver) });
  const values = {
    status: speaker.say(`status.${groupStatus(alerts)}`),
    severity: speaker.say(`severity.${groupSeverity(alerts)}`),
    summary: shownSummary(first.facts.summary),
  };
  const total = alerts.length + leftOut;
  return total === 1 ? speaker.say('title.one', values) : speaker.count('title.many', BigInt(total), values);
}

/** Only of those in it: what those are that had no room, nobody counted. */
function countsLine(alerts: readonly Alert[], speaker: Speaker): string {
  const count = (status: AlertStatus): string =>
    speaker.integer(BigInt(alerts.filter((alert) => alert.status === status).length));
  return speaker.say('counts.line', {
    firing: count('firing'),
    unknown: count('unknown'),
    resolved: count('resolved'),
  });
}

const linkedAlertsMax = 3;

type LinkLabel = 'page.label' | 'evidence.label' | 'acknowledge.label' | 'silence.label';

function linksOf({ alerts }: Notification, speaker: Speaker, address: Address): MessageLink[] {
  const links = alerts.slice(0, linkedAlertsMax).flatMap(({ facts: { objective, links: own } }) => {
    const name = { objective: shownName(objective.name) };
    const link = (key: LinkLabel, path: string | null | undefined): MessageLink[] =>
      typeof path === 'string' ? [{ label: speaker.say(key, name), url: address.link(path) }] : [];
    return [
      ...link('page.label', own.page),
      ...link('evidence.label', own.evidence),
      ...link('acknowledge.label', own.acknowledge),
      ...link('silence.label', own.silence),
    ];
  });
  return links.length > 0 ? links : [{ label: speaker.say('home.label'), url: address.url }];
}
