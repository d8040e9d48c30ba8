import { channels } from '../../alerts/channels/index.ts';
import type { Egress } from '../../alerts/egress/egress.ts';
import { answerOf } from '../../alerts/egress/outcome.ts';
import type { Notification } from '../../alerts/notification.ts';
import type { Answer } from '../../alerts/outbox/after-attempt.ts';
import type { Delivery } from '../control/delivery-store.ts';
import type { ActLinks } from './act-links.ts';
import type { PresentReceiver } from './alerting-desk.ts';

export interface SenderOptions {
  readonly egress: Egress;
  readonly receiver: (name: string) => PresentReceiver | undefined;
  /** Address of the product's page: links lie below it. */
  readonly baseUrl: () => string;
  /** IANA zone of a tenant's calendar. */
  readonly zoneOf: (tenant: string) => Promise<string>;
  /** What lets receivers act; undefined: this server has no key for that. */
  readonly links?: () => ActLinks | undefined;
  readonly nowMs: () => number;
}

/** Makes one attempt at a delivery: formed as its receiver wants it, signed, and sent by the one way out. */
export class Sender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  async send(delivery: Delivery, signal: AbortSignal): Promise<Answer> {
    const { egress, receiver: find, baseUrl, zoneOf, links, nowMs } = this.#options;
    const receiver = find(delivery.receiver);
    if (receiver === undefined) return lacking('FN_RECEIVER_UNKNOWN', `there is no receiver ${delivery.receiver}`);
    const { spec, rules, keys } = receiver;
    const channel = channels[spec.channel];
    if (channel.signs === 'always' && keys.length === 0)
      return lacking('FN_RECEIVER_KEYLESS', `${spec.name} has no key to sign with`);
    const notification = JSON.parse(delivery.document) as Notification;
    const formed = channel.form(links?.()?.given(notification) ?? notification, {
      baseUrl: baseUrl(),
      language: spec.language,
      zone: spec.zone ?? (spec.tenant === null ? 'UTC' : await zoneOf(spec.tenant)),
      attemptAt: Math.floor(nowMs() / 1_000),
      keys,
      ...(spec.template === null ? {} : { template: spec.template }),
    });
    const { headers, body, pathSuffix } = formed;
    const url = pathSuffix === '' ? spec.url : withPath(spec.url, pathSuffix);
    return answerOf(await egress.send({ url, headers, body }, rules, signal));
  }
}

/** A server that has just begun, or has not heard yet, may know it in a moment; and what is lacking can be mended. */
function lacking(code: string, detail: string): Answer {
  return { outcome: 'retry', status: null, code, detail, retryAfterMs: null };
}

function withPath(base: string, suffix: string): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}${suffix}`;
  return url.href;
}
