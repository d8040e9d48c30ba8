import type { MessageTemplate } from '../../alerts/channel.ts';
import type { AlertConfig } from '../../alerts/state/config.ts';

/** Kinds of receivers that a document may name; e-mail needs a mail server and has its own settings, which are yet to come. */
export const requestChannels = ['webhook', 'cloudevents', 'alertmanager', 'alertmanager-api', 'slack'] as const;
export type RequestChannel = (typeof requestChannels)[number];

/** Where notifications of one receiver go, without its keys. */
export interface ReceiverSpec {
  readonly name: string;
  /** null: the operator's. */
  readonly tenant: string | null;
  readonly channel: RequestChannel;
  readonly url: string;
  /** Parts of private networks in which it may be, as the operator approved. */
  readonly privateRanges: readonly string[];
  readonly http: 'refused' | 'allowed';
  /** PEM; null: the authorities that the runtime trusts. */
  readonly ca: string | null;
  readonly language: string;
  /** IANA; null: that of its tenant, and UTC for the operator. */
  readonly zone: string | null;
  readonly template: MessageTemplate | null;
}

/** Who is told of what, and where they are: one document says all of it. */
export interface Alerting {
  readonly receivers: readonly ReceiverSpec[];
  /** Without a version: that is the number of the document. */
  readonly config: Omit<AlertConfig, 'version'>;
}
