import { createHash } from 'node:crypto';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { Channel, FormContext, FormedMail } from '../../channel.ts';
import { cutText, lineOf } from '../../content/cut-text.ts';
import { messageOf } from '../../content/message.ts';
import type { Notification } from '../../notification.ts';
import { htmlOf } from './html.ts';

const subjectLengthMax = 150;
const receiversMax = 50;
const addressLengthMax = 254;
/** A bare address. What has a line break, a bracket or a comma in it could be a second header or a second receiver. */
const addressForm = /^[^\s@<>(),;:\\"[\]\p{Cc}]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,188}[A-Za-z0-9])?$/u;

/** An e-mail with a text and an HTML part that say the same. All mails of a group are one thread. */
export const email = {
  signs: 'never',
  form(notification: Notification, context: FormContext): FormedMail {
    const { from, to } = addressesOf(context);
    const message = messageOf(notification, context);
    const { id, sequence, receiver } = notification;
    const footer = message.speaker.say('mail.footer', {
      id: lineOf(id, addressLengthMax),
      sequence: message.speaker.integer(BigInt(sequence)),
      receiver: lineOf(receiver, addressLengthMax),
    });
    const domain = from.slice(from.lastIndexOf('@') + 1);
    return {
      kind: 'mail',
      from,
      to,
      subject: cutText(message.title, subjectLengthMax),
      text: `${message.text}\n\n-- \n${footer}\n`,
      html: htmlOf(message, footer),
      // The same at each attempt, so that a mail that was sent twice is shown once.
      messageId: `<${id.replaceAll(/[^A-Za-z0-9_-]/g, '_')}@${domain}>`,
      headers: {
        references: `<${threadOf(notification)}@${domain}>`,
        'auto-submitted': 'auto-generated',
        'x-auto-response-suppress': 'All',
        'content-language': message.language,
      },
      notices: message.notices,
    };
  },
} as const satisfies Channel;

function addressesOf({ mail }: FormContext): { readonly from: string; readonly to: readonly string[] } {
  if (mail === undefined) throw refused('it has no addresses');
  const { from, to } = mail;
  if (to.length === 0 || to.length > receiversMax)
    throw refused(`it has ${to.length} addresses, not 1 to ${receiversMax}`);
  for (const address of [from, ...to]) {
    if (address.length > addressLengthMax || !addressForm.test(address)) {
      throw refused(`${JSON.stringify(cutText(address, 60))} is no bare address`);
    }
  }
  return { from, to };
}

function refused(what: string): FourninesError {
  return new FourninesError('FN_RECEIVER', `a receiver of e-mail: ${what}`);
}

function threadOf({ receiver, group }: Notification): string {
  return `group-${createHash('sha256')
    .update(JSON.stringify([receiver, group.key]))
    .digest('hex')
    .slice(0, 32)}`;
}
