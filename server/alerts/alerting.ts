import type { MessageTemplate } from '../../alerts/channel.ts';
import type { AlertConfig } from '../../alerts/state/config.ts';

/** Kinds of receivers that a document may name. */
export const channelNames = ['webhook', 'cloudevents', 'alertmanager', 'alertmanager-api', 'slack', 'email'] as const;
export type RequestChannel = Exclude<(typeof channelNames)[number], 'email'>;

/** Where notifications of one receiver go, without its keys. */
export type ReceiverSpec = RequestReceiver | MailReceiver;

interface AnyReceiver {
  readonly name: string;
  /** null: the operator's. */
  readonly tenant: string | null;
  readonly language: string;
  /** IANA; null: that of its tenant, and UTC for the operator. */
  readonly zone: string | null;
  readonly template: MessageTemplate | null;
}

export interface RequestReceiver extends AnyReceiver {
  readonly channel: RequestChannel;
  readonly url: string;
  /** Parts of private networks in which it may be, as the operator approved. */
  readonly privateRanges: readonly string[];
  readonly http: 'refused' | 'allowed';
  /** PEM; null: the authorities that the runtime trusts. */
  readonly ca: string | null;
}

/** By the mail server of the configuration. */
export interface MailReceiver extends AnyReceiver {
  readonly channel: 'email';
  readonly to: readonly string[];
}

/** Who is told of what, and where they are: one document says all of it. */
export interface Alerting {
  readonly receivers: readonly ReceiverSpec[];
  /** Without a version: that is the number of the document. */
  readonly config: Omit<AlertConfig, 'version'>;
}
