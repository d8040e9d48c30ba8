import type { Alert, Labels } from '../../alert.ts';
import type { Channel, FormContext, FormedRequest } from '../../channel.ts';
import { Address } from '../../content/address.ts';
import { annotationsOf } from '../../content/annotations.ts';
import { fitting, instant } from '../../content/event-data.ts';
import { leftOutNotices } from '../../content/left-out-notice.ts';
import { alertsOrTest } from '../../content/sample.ts';
import type { Notification } from '../../notification.ts';
import { optionalSignature } from '../../signature/signed-headers.ts';

/** Receivers of Alertmanager's webhooks read whole groups; beyond it `truncatedAlerts` counts. */
const bodyBytesMax = 256_000;
/** What Alertmanager writes where there is no end: the zero of Go's time. */
const noEnd = '0001-01-01T00:00:00Z';

interface AlertBody {
  readonly status: 'firing' | 'resolved';
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
  readonly fingerprint: string;
}

/** The body of Alertmanager's webhooks, version 4, for receivers that know no other. */
export const alertmanager = {
  signs: 'optional',
  form(notification: Notification, context: FormContext): FormedRequest {
    const address = new Address(context.baseUrl);
    const told = alertsOrTest(notification);
    const total = told.length + notification.leftOut;
    // The labels of the group stand in the frame, and what is common to all is never more than what the first has.
    const frame = Buffer.byteLength(JSON.stringify(bodyOf(notification, [], total, address)));
    const [first] = told;
    const common = first === undefined ? 0 : Buffer.byteLength(JSON.stringify(alertBody(first, address)));
    const alerts = fitting(told, bodyBytesMax - frame - common, {
      full: (alert) => alertBody(alert, address),
      thin: (alert) => ({ ...alertBody(alert, address), annotations: {} }),
    });
    const leftOut = total - alerts.length;
    const body = Buffer.from(JSON.stringify(bodyOf(notification, alerts, leftOut, address)));
    return {
      kind: 'request',
      method: 'POST',
      pathSuffix: '',
      headers: { 'content-type': 'application/json', ...optionalSignature(notification.id, body, context) },
      body,
      notices: leftOutNotices(leftOut),
    };
  },
} as const satisfies Channel;

/** The order of the keys is that of Alertmanager's own. */
function bodyOf(notification: Notification, alerts: readonly AlertBody[], leftOut: number, address: Address): object {
  const { receiver, group } = notification;
  return {
    receiver,
    status: alertsOrTest(notification).some((alert) => alert.status !== 'resolved') ? 'firing' : 'resolved',
    alerts,
    groupLabels: group.labels,
    commonLabels: commonOf(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonOf(alerts.map(({ annotations }) => annotations)),
    externalURL: address.url,
    version: '4',
    groupKey: group.key,
    truncatedAlerts: leftOut,
  };
}

/** It knows two states only: what may go on is not over, so it fires, and the annotation `state` says that nobody knows. */
function alertBody(alert: Alert, address: Address): AlertBody {
  const isResolved = alert.status === 'resolved';
  return {
    status: isResolved ? 'resolved' : 'firing',
    labels: { alertname: 'FourninesBreach', ...alert.labels },
    annotations: annotationsOf(alert, address),
    startsAt: instant(alert.startsAt) ?? noEnd,
    endsAt: isResolved ? (instant(alert.endsAt ?? alert.changedAt) ?? noEnd) : noEnd,
    generatorURL: address.link(alert.facts.links.page),
    fingerprint: alert.fingerprint,
  };
}

function commonOf(all: readonly Labels[]): Labels {
  const [first = {}, ...others] = all;
  const common = Object.entries(first).filter(([name, value]) =>
    others.every((labels) => Object.hasOwn(labels, name) && labels[name] === value),
  );
  return Object.fromEntries(common);
}
