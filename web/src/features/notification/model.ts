import type { Alerting, PreviewBody } from '../../../../server/api/schema/alerting.ts';
import type { Delivery, DeliveryDetail, ToldAlert } from '../../../../server/api/schema/deliveries.ts';
import type { Receiver } from '../../../../server/api/schema/receivers.ts';
import { formatCount } from '../../format/count.ts';
import { formatLagMs } from '../../format/duration.ts';
import { formatInstant, type Zone } from '../../format/time.ts';
import type { Words } from '../slo/model.ts';

export type Attempt = DeliveryDetail['log'][number];

export const stateWords: Record<Delivery['state'], Words> = {
  waiting: {
    name: 'waiting',
    tone: 'neutral',
    icon: 'stale',
    meaning: 'It is tried until the receiver takes it or its time is over.',
  },
  delivered: { name: 'delivered', tone: 'ok', meaning: 'The receiver took it.' },
  dead: { name: 'dead letter', tone: 'bad', meaning: 'It is not tried any more, unless somebody sends it again.' },
};
export const deliveryStates = Object.keys(stateWords) as Delivery['state'][];

export const outcomeWords: Record<Attempt['outcome'], Words> = {
  delivered: { name: 'delivered', tone: 'ok', meaning: 'The receiver took it.' },
  retry: { name: 'failed', tone: 'warn', meaning: 'It may work later.' },
  giveUp: { name: 'refused', tone: 'bad', meaning: 'The receiver understood it and refused it, as it would again.' },
  gone: { name: 'gone', tone: 'bad', meaning: 'The receiver says that it is no more.' },
};

export const alertWords: Record<ToldAlert['status'], Words> = {
  firing: { name: 'firing', tone: 'bad', meaning: 'It goes on.' },
  resolved: { name: 'resolved', tone: 'ok', meaning: 'It is over.' },
  unknown: { name: 'state unknown', tone: 'unknown', meaning: 'Whether it goes on cannot be told now.' },
};

const reasonTexts: Record<Delivery['reason'], string> = {
  new: 'new',
  changed: 'something of it changed',
  resolved: 'it is over',
  repeated: 'told again, because it goes on',
  escalated: 'it goes on, and others were told before',
  test: 'a test',
};

export function reasonText({ reason }: Pick<Delivery, 'reason'>): string {
  return reasonTexts[reason];
}

/** The worst alert. */
export function summaryText({ summary, alerts, reason }: Pick<Delivery, 'summary' | 'alerts' | 'reason'>): string {
  if (summary !== '') return summary;
  if (reason === 'test') return 'nothing has happened';
  return alerts === 0 ? 'no alerts' : 'an alert without words';
}

/** How many alerts stand behind the worst one, and why it was told. */
export function secondText({ alerts, reason }: Pick<Delivery, 'alerts' | 'reason'>): string {
  const others = alerts > 1 ? `and ${formatCount(`${alerts - 1}`)} more: ` : '';
  return `${others}${reasonTexts[reason]}`;
}

/** What the other side answered last; nothing came is not nothing tried. */
export function answerText({ last }: Pick<Delivery, 'last'>): string {
  if (last === null) return 'no attempt yet';
  return last.status === null ? 'no answer came' : `answered ${last.status}`;
}

export function latencyText(last: Delivery['last']): string | null {
  return last === null ? null : formatLagMs(last.latencyMs);
}

/** When it is tried again; null: never by itself. */
export function dueText({ dueAt, untilAt }: Pick<Delivery, 'dueAt' | 'untilAt'>, zone: Zone): string | null {
  if (dueAt === null || untilAt === null) return null;
  const time = (instant: string) => formatInstant(Date.parse(instant), zone);
  return `Next attempt at ${time(dueAt)}, after those before it; a dead letter from ${time(untilAt)} on`;
}

/** What is known of a receiver. That nothing failed says not yet that anything arrived. */
export function circuitWords({ circuit, failures, disabled }: Receiver, until: string): Words {
  if (circuit === 'disabled')
    return { name: 'disabled', tone: 'bad', meaning: `Nothing is sent until somebody enables it: ${disabled}.` };
  if (circuit === 'open')
    return {
      name: 'left alone',
      tone: 'warn',
      meaning: `It failed too often in a row: nothing is sent until ${until}.`,
    };
  if (failures > 0) return { name: 'failing', tone: 'warn', meaning: 'The first that waits is tried again and again.' };
  return { name: 'sent to', tone: 'neutral', meaning: 'No attempt has failed since the last that did not.' };
}

/** A receiver of the document, or one that something was sent to, or both. */
export interface ReceiverRow {
  readonly name: string;
  /** null: the document does not have it (any more). */
  readonly told: Alerting['receivers'][number] | null;
  /** null: nothing was ever sent to it. */
  readonly queue: Receiver | null;
}

export function receiverRows(queues: readonly Receiver[], document: Alerting['receivers']): readonly ReceiverRow[] {
  const names = new Set([...queues, ...document].map(({ name }) => name));
  const find = <T extends { readonly name: string }>(list: readonly T[], name: string) =>
    list.find((item) => item.name === name) ?? null;
  return [...names].sort().map((name) => ({ name, told: find(document, name), queue: find(queues, name) }));
}

/** What it is, whose, and whether what it gets is signed. */
export function receiverText({ told }: Pick<ReceiverRow, 'told'>): string {
  if (told === null) return 'not in the document of receivers';
  const { channel, tenant, keys } = told;
  const signed = keys === 0 ? 'no key' : `${keys} ${keys === 1 ? 'key' : 'keys'}`;
  return `${channel}, ${tenant ?? 'no tenant'}, ${signed}`;
}

export function canEnable({ circuit }: Pick<Receiver, 'circuit'>): boolean {
  return circuit !== 'closed';
}

export function budgetText({ budget, exhaustedAt }: ToldAlert['facts'], zone: Zone): string {
  if (budget === null) return 'How much of the budget is gone is unknown: nothing was judged yet.';
  const { allowed, spent, remaining } = budget;
  const gone = `Budget: ${formatCount(spent)} bad of ${formatCount(allowed)} allowed, ${formatCount(remaining)} left`;
  return exhaustedAt === null
    ? `${gone}.`
    : `${gone}; gone at ${formatInstant(exhaustedAt * 1_000, zone)} at this pace.`;
}

export function causeText({ cause, owner, packets, owners }: ToldAlert['facts']['causes'][number]): string {
  const shares = Object.entries(owners ?? {}).filter(([, count]) => BigInt(count) > 0n);
  const several = shares.map(([name, count]) => `${name} ${formatCount(count)}`).join(', ');
  const whose = owner === '' ? 'owner unknown' : shares.length > 1 ? `owners ${several}` : `owner ${owner}`;
  return `${cause}, ${whose}, ${packets === null ? 'nobody knows how many packets' : `${formatCount(packets)} packets`}`;
}

export function lifeText({ startsAt, endsAt, status }: ToldAlert, zone: Zone): string {
  const from = formatInstant(startsAt * 1_000, zone);
  if (endsAt !== null) return `From ${from} to ${formatInstant(endsAt * 1_000, zone)}`;
  return status === 'unknown' ? `Since ${from}; whether it goes on is unknown` : `Since ${from}`;
}

/** A path of ours that an alert leads to; null: it is none, and leads nowhere. */
export function ownPath(path: string | null): string | null {
  return path !== null && /^\/(?![/\\])/.test(path) ? path : null;
}

/** Nothing that it tells of had been judged when it was decided. */
export function tellsNothing({ notification }: Pick<DeliveryDetail, 'notification'>): boolean {
  const { alerts } = notification;
  return alerts.length > 0 && alerts.every(({ facts }) => facts.budget === null);
}

export function filterDeliveries(deliveries: readonly Delivery[], filter: string): readonly Delivery[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return deliveries;
  return deliveries.filter(({ id, receiver, tenant, reason, state, summary, code }) => {
    const text = `${id} ${receiver} ${tenant ?? ''} ${reason} ${state} ${summary} ${code}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** To begin with: it names what nearly every message has. */
export const exampleTemplate = {
  title: '{title}',
  text: '{reason_line}\n{#alerts}\n{head}\n{budget_line}\n{cause_line}\n{page_line}\n{/alerts}',
} as const;

/** The form as the server takes it; an empty field is left out, and so said in the built-in words. */
export function previewBody(text: (name: string) => string): PreviewBody {
  const given = (name: string) => {
    // A form ends its lines as mail does; a template does not.
    const value = text(name).replaceAll('\r\n', '\n');
    return value.trim() === '' ? {} : { [name]: value };
  };
  return { template: { ...given('title'), ...given('text') }, ...given('language'), ...given('zone') };
}
