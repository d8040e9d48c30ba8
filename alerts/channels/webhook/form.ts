import type { Channel, FormContext, FormedRequest } from '../../channel.ts';
import { Address } from '../../content/address.ts';
import { eventTime, eventType, fittedBody } from '../../content/event-data.ts';
import { leftOutNotices } from '../../content/left-out-notice.ts';
import type { Notification } from '../../notification.ts';
import { requiredSignature } from '../../signature/signed-headers.ts';

/** What Standard Webhooks recommends: less than 20 kB, so that a receiver may read it all before it looks. */
const bodyBytesMax = 19_999;

/** Standard Webhooks 1.0.0: `type`, `timestamp` and `data` in JSON, signed. */
export const webhook = {
  signs: 'always',
  form(notification: Notification, context: FormContext): FormedRequest {
    const type = eventType(notification);
    const timestamp = eventTime(notification);
    const { body, leftOut } = fittedBody(notification, new Address(context.baseUrl), bodyBytesMax, (data) =>
      JSON.stringify({ type, timestamp, data }),
    );
    return {
      kind: 'request',
      method: 'POST',
      pathSuffix: '',
      headers: { 'content-type': 'application/json', ...requiredSignature(notification.id, body, context) },
      body,
      notices: leftOutNotices(leftOut),
    };
  },
} as const satisfies Channel;
