import type { Alert } from '../../alert.ts';
import type { Channel, FormContext, FormedRequest } from '../../channel.ts';
import { Address } from '../../content/address.ts';
import { lineOf } from '../../content/cut-text.ts';
import { eventTime, eventType, fittedBody } from '../../content/event-data.ts';
import { leftOutNotices } from '../../content/left-out-notice.ts';
import type { Notification } from '../../notification.ts';
import { requiredSignature } from '../../signature/signed-headers.ts';

const bodyBytesMax = 19_999;
const subjectLengthMax = 300;
const sourceWordLengthMax = 100;
/** Digits of the extension `sequence`, whose values are compared as text. */
const sequenceDigits = 10;

/** CloudEvents 1.0 in its structured JSON form, signed as webhooks are; `data` is the same as theirs. */
export const cloudevents = {
  signs: 'always',
  form(notification: Notification, context: FormContext): FormedRequest {
    const attributes = {
      specversion: '1.0',
      id: notification.id,
      source: sourceOf(notification),
      type: eventType(notification),
      subject: subjectOf(notification),
      time: eventTime(notification),
      datacontenttype: 'application/json',
      sequence: String(notification.sequence).padStart(sequenceDigits, '0'),
    };
    const { body, leftOut } = fittedBody(notification, new Address(context.baseUrl), bodyBytesMax, (data) =>
      JSON.stringify({ ...attributes, data }),
    );
    return {
      kind: 'request',
      method: 'POST',
      pathSuffix: '',
      headers: {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        ...requiredSignature(notification.id, body, context),
      },
      body,
      notices: leftOutNotices(leftOut),
    };
  },
} as const satisfies Channel;

/** /sla/{tenant}/{service}: a URI reference, so names are escaped. Where there are several, the group takes their place. */
function sourceOf({ tenant, alerts, group }: Notification): string {
  const service = onlyOne(alerts, ({ labels, facts }) => labels['service'] ?? facts.objective.name) ?? group.key;
  return `/sla/${sourceWord(tenant ?? 'operator')}/${sourceWord(service)}`;
}

function sourceWord(text: string): string {
  // A word of dots would be a step through the path.
  return encodeURIComponent(lineOf(text, sourceWordLengthMax)).replace(/^\.*$/, '-');
}

function subjectOf({ alerts, group }: Notification): string {
  return lineOf(onlyOne(alerts, ({ fingerprint }) => fingerprint) ?? group.key, subjectLengthMax) || '-';
}

function onlyOne(alerts: readonly Alert[], of: (alert: Alert) => string): string | undefined {
  const [first, ...others] = new Set(alerts.map(of));
  return others.length === 0 ? first : undefined;
}
