/** Why a request was never sent: by rules, so that sending it again by itself is of no use. */
export const refusalCodes = [
  /** The URL cannot be read, or has what no receiver's URL has. */
  'url',
  'scheme',
  'port',
  /** The address, or one of those of the name, is not one that this receiver may have. */
  'address',
  /** It is the product's own, or this machine's. */
  'own-address',
  /** The name has more addresses than are looked at. */
  'many-addresses',
  'header',
  'request-size',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** What went wrong on the way or at the other side: it may go right later. */
export const failureCodes = [
  /** The name has no address, or does not exist. */
  'no-address',
  /** The resolver failed. */
  'dns',
  'dns-timeout',
  /** Where the product's own addresses are could not be found out. */
  'own-unknown',
  'connect',
  'connect-timeout',
  /** The connection leads elsewhere than to the address that was checked. */
  'peer',
  'tls',
  'tls-timeout',
  /** Its certificate is expired, for another name, or of nobody who is trusted. */
  'certificate',
  /** No whole head of an answer in time. */
  'answer-timeout',
  /** The connection ended before a whole head of an answer. */
  'reset',
  /** What came is not HTTP. */
  'protocol',
  'header-size',
  /** The answer ended in the middle of its body. */
  'body-cut',
  /** Everything together took too long. */
  'timeout',
  /** Whoever asked gave up. */
  'cancelled',
] as const;
export type FailureCode = (typeof failureCodes)[number];

export interface Refusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  /** In words, without path, query or headers of the request: those may hold secrets. */
  readonly why: string;
}

export interface Failure {
  readonly kind: 'failed';
  readonly code: FailureCode;
  readonly why: string;
}

export interface Answered {
  readonly kind: 'answered';
  /** 200 to 999; 3xx as it came: redirects are not followed. */
  readonly status: number;
  /** What `Retry-After` asks for, at most a day; null: it does not, or not readably. */
  readonly retryAfterMs: number | null;
  /** Beginning of the body as text, without control characters, at most 4 KiB of it. */
  readonly excerpt: string;
  /** Bytes of the body that were read. */
  readonly bodyBytes: number;
  /** Whether the body went on, and was not read to its end. */
  readonly bodyIsCut: boolean;
}

export interface Travel {
  /** From the call to its end. */
  readonly latencyMs: number;
  /** The address that was connected to; null: it did not come to that. */
  readonly address: string | null;
}

/** What became of one attempt. Whatever the other side does is one of these, never an exception. */
export type EgressResult = (Answered | Refusal | Failure) & Travel;

export function refuse(code: RefusalCode, why: string): Refusal {
  return { kind: 'refused', code, why };
}

export function fail(code: FailureCode, why: string): Failure {
  return { kind: 'failed', code, why };
}
