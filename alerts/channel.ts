import type { Notification } from './notification.ts';
import type { SigningKey } from './signature/key.ts';

/** How a notification is told over one kind of road. It forms what is sent, and sends nothing. */
export interface Channel {
  /** `always`: each request is signed by Standard Webhooks, and without a key there is none; `optional`: if keys are there. */
  readonly signs: 'always' | 'optional' | 'never';
  /**
   * Forms one attempt. The same notification gives the same body each time; what depends on `attemptAt` are signatures,
   * and with `alertmanager-api` the end of what goes on.
   */
  form(notification: Notification, context: FormContext): Formed;
}

export type Formed = FormedRequest | FormedMail;

export interface FormedRequest {
  readonly kind: 'request';
  readonly method: 'POST';
  /** Goes behind the path of the receiver's address; empty where that address is the whole of it. */
  readonly pathSuffix: string;
  /** Content-Type is among them; names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly notices: readonly FormNotice[];
}

export interface FormedMail {
  readonly kind: 'mail';
  readonly from: string;
  readonly to: readonly string[];
  /** One line; characters beyond ASCII are for the sender to encode. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly notices: readonly FormNotice[];
}

/** What the operator should know of how it was formed: for the delivery log, and said in the notification itself. */
export interface FormNotice {
  readonly code: 'template' | 'left_out' | 'zone';
  readonly message: string;
}

/** What is said in the receiver's own words; both parts by the language of `alerts/content/template.ts`. */
export interface MessageTemplate {
  readonly title?: string;
  readonly text?: string;
}

/** What a receiver's settings, the tenant and the moment add to a notification. */
export interface FormContext {
  /** Address of the product's page, http or https; every link lies below it. */
  readonly baseUrl: string;
  /** BCP 47; what we have no words in is told in English. */
  readonly language: string;
  /** IANA; of the tenant. */
  readonly zone: string;
  /** Unix seconds of this attempt. */
  readonly attemptAt: number;
  /** All of them sign: old and new, while receivers change over. */
  readonly keys: readonly SigningKey[];
  readonly template?: MessageTemplate;
  /** E-mail only. */
  readonly mail?: { readonly from: string; readonly to: readonly string[] };
  /** `alertmanager-api` only: how often what goes on is told again. */
  readonly resendSeconds?: number;
}
