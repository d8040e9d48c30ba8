import { createHash } from 'node:crypto';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { Channel, FormContext, FormedMail } from '../../channel.ts';
import { cutText, lineOf } from '../../content/cut-text.ts';
import { messageOf } from '../../content/message.ts';
import type { Notification } from '../../notification.ts';
import { addressesMax, isBareAddress } from './address.ts';
import { htmlOf } from './html.ts';

const subjectLengthMax = 150;
const footerLengthMax = 254;

/** An e-mail with a text and an HTML part that say the same. All mails of a group are one thread. */
export const email = {
  signs: 'never',
  form(notification: Notification, context: FormContext): FormedMail {
    const { from, to } = addressesOf(context);
    const message = messageOf(notification, context);
    const { id, sequence, receiver } = notification;
    const footer = message.speaker.say('mail.footer', {
      id: lineOf(id, footerLengthMax),
      sequence: message.speaker.integer(BigInt(sequence)),
      receiver: lineOf(receiver, footerLengthMax),
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
  if (to.length === 0 || to.length > addressesMax)
    throw refused(`it has ${to.length} addresses, not 1 to ${addressesMax}`);
  const wrong = [from, ...to].find((address) => !isBareAddress(address));
  if (wrong !== undefined) throw refused(`${JSON.stringify(cutText(wrong, 60))} is no bare address`);
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
