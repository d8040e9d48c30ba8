import type { FormContext } from '../../alerts/channel.ts';
import { channels } from '../../alerts/channels/index.ts';
import type { Egress } from '../../alerts/egress/egress.ts';
import { answerOf } from '../../alerts/egress/outcome.ts';
import type { Post } from '../../alerts/mail/post.ts';
import type { Notification } from '../../alerts/notification.ts';
import type { Answer } from '../../alerts/outbox/after-attempt.ts';
import type { ErrorCode } from '../../core/runtime/error-catalogue.ts';
import type { Delivery } from '../control/delivery-store.ts';
import type { ActLinks } from './act-links.ts';
import type { PresentReceiver } from './alerting-desk.ts';
import { isSealedMark, isSecretUrl, withoutUrl } from './secret-urls.ts';

export interface SenderOptions {
  readonly egress: Egress;
  /** Hands mails over; undefined: no mail server is named. */
  readonly post: Pick<Post, 'from' | 'send'> | undefined;
  readonly receiver: (name: string) => PresentReceiver | undefined;
  /** Address of the product's page: links lie below it. */
  readonly baseUrl: () => string;
  /** IANA zone of a tenant's calendar. */
  readonly zoneOf: (tenant: string) => Promise<string>;
  /** What lets receivers act; undefined: this server has no key for that. */
  readonly links?: () => ActLinks | undefined;
  /** How often Alertmanager is told again what goes on; it ends there after four times of silence. */
  readonly resendSeconds: number;
  readonly nowMs: () => number;
}

/** Makes one attempt at a delivery: formed as its receiver wants it, signed, and sent by the one way out, or as a mail. */
export class Sender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  send({ receiver, document }: Delivery, signal: AbortSignal): Promise<Answer> {
    return this.tell(receiver, JSON.parse(document) as Notification, signal);
  }

  /** The same for what is in no outbox. */
  async tell(name: string, decided: Notification, signal: AbortSignal): Promise<Answer> {
    const { egress, post, receiver: find, links } = this.#options;
    const receiver = find(name);
    if (receiver === undefined) return lacking('FN_RECEIVER_UNKNOWN', `there is no receiver ${name}`);
    const notification = links?.()?.given(decided) ?? decided;
    if (receiver.rules === null) {
      if (post === undefined) return lacking('FN_MAIL_SERVER', `${name}: server.alerts.mail names no mail server`);
      const context = await this.#context(receiver);
      return post.send(
        channels.email.form(notification, { ...context, mail: { from: post.from, to: receiver.spec.to } }),
        signal,
      );
    }
    const { spec, rules, keys } = receiver;
    const channel = channels[spec.channel];
    if (channel.signs === 'always' && keys.length === 0)
      return lacking('FN_RECEIVER_KEYLESS', `${name} has no key to sign with`);
    if (isSealedMark(spec.url))
      return lacking('FN_SECRET_SEALED', `the address of ${name} does not open: apply it again`);
    const { headers, body, pathSuffix } = channel.form(notification, await this.#context(receiver));
    const url = pathSuffix === '' ? spec.url : withPath(spec.url, pathSuffix);
    const answer = answerOf(await egress.send({ url, headers, body }, rules, signal));
    return isSecretUrl(spec) ? { ...answer, detail: withoutUrl(answer.detail, url) } : answer;
  }

  async #context({ spec, keys }: PresentReceiver): Promise<FormContext> {
    const { baseUrl, zoneOf, resendSeconds, nowMs } = this.#options;
    return {
      baseUrl: baseUrl(),
      language: spec.language,
      zone: spec.zone ?? (spec.tenant === null ? 'UTC' : await zoneOf(spec.tenant)),
      attemptAt: Math.floor(nowMs() / 1_000),
      ...{ keys, resendSeconds },
      ...(spec.template === null ? {} : { template: spec.template }),
    };
  }
}

/** A server that has just begun, or has not heard yet, may know it in a moment; and what is lacking can be mended. */
function lacking(code: ErrorCode, detail: string): Answer {
  return { outcome: 'retry', status: null, code, detail, retryAfterMs: null };
}

function withPath(base: string, suffix: string): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}${suffix}`;
  return url.href;
}
