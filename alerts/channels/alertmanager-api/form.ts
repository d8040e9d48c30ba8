import type { Alert, Labels } from '../../alert.ts';
import type { Channel, FormContext, FormedRequest } from '../../channel.ts';
import { Address } from '../../content/address.ts';
import { annotationsOf } from '../../content/annotations.ts';
import { instant } from '../../content/event-data.ts';
import { leftOutNotices } from '../../content/left-out-notice.ts';
import { alertsOrTest } from '../../content/sample.ts';
import type { Notification } from '../../notification.ts';

/** As Prometheus does: told again each minute, and gone by itself only after four times of silence. */
export const resendSecondsDefault = 60;
const resendsBeforeEnd = 4;

interface PostableAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

/**
 * A real Alertmanager as the receiver: POST /api/v2/alerts. It knows an alert by its labels alone, so nothing that changes
 * is one, not even the severity; what goes on has an end a little ahead and must be sent again before it comes.
 */
export const alertmanagerApi = {
  signs: 'never',
  form(notification: Notification, context: FormContext): FormedRequest {
    const address = new Address(context.baseUrl);
    const body = Buffer.from(
      JSON.stringify(alertsOrTest(notification).map((alert) => postable(alert, address, context))),
    );
    return {
      kind: 'request',
      method: 'POST',
      pathSuffix: '/api/v2/alerts',
      headers: { 'content-type': 'application/json' },
      body,
      notices: leftOutNotices(notification.leftOut),
    };
  },
} as const satisfies Channel;

function postable(
  alert: Alert,
  address: Address,
  { attemptAt, resendSeconds = resendSecondsDefault }: FormContext,
): PostableAlert {
  const endsAt =
    alert.status === 'resolved'
      ? // Over means over now: an end ahead of its clock would keep it firing there.
        Math.min(alert.endsAt ?? alert.changedAt, attemptAt)
      : attemptAt + resendsBeforeEnd * resendSeconds;
  return {
    labels: { alertname: 'FourninesBreach', ...labelsOf(alert.labels) },
    annotations: { ...annotationsOf(alert, address), fingerprint: alert.fingerprint },
    // It refuses an alert that ends before it starts.
    startsAt: instant(Math.min(alert.startsAt, endsAt)) ?? '',
    endsAt: instant(endsAt) ?? '',
    generatorURL: address.link(alert.facts.links.page),
  };
}

/**
 * Names as every version of it takes them: letters, digits, underscores. Two that become the same are told apart by their
 * order, so the same alert has the same labels each time.
 */
function labelsOf(labels: Labels): Labels {
  const named: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))) {
    // It drops labels without a value; an alert told with one and without would be two.
    if (value === '') continue;
    const plain = name.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d|__|$)/, 'x');
    let free = plain;
    for (let n = 2; Object.hasOwn(named, free); n++) free = `${plain}_${n}`;
    named[free] = value.toWellFormed();
  }
  return named;
}
