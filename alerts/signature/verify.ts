import { timingSafeEqual, verify as verifyDigitally } from 'node:crypto';
import { decodeBase64, type Scheme, type VerifyingKey } from './key.ts';
import { hmacOf, isMessageId, signedContent } from './sign.ts';

/** What came, before anything of it is believed; undefined: the header was not there. */
export interface ReceivedWebhook {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  /** Exactly the bytes that came: parsed and written again, JSON is another body. */
  readonly body: Uint8Array;
}

export const refusals = [
  'no_id',
  'bad_id',
  'no_timestamp',
  'bad_timestamp',
  'no_signature',
  'bad_signature',
  'no_known_version',
  'no_match',
  'body_changed',
  'too_old',
  'too_new',
] as const;
export type Refusal = (typeof refusals)[number];

export type Verification =
  | { readonly valid: true; readonly keyId: string; readonly scheme: Scheme; readonly ageSeconds: number }
  | {
      readonly valid: false;
      readonly reason: Refusal;
      readonly message: string;
      /** The key whose signature fits nevertheless: only its age speaks against the request. */
      readonly keyId: string | null;
      /** Negative: it comes from the future. null: it has no time that can be read. */
      readonly ageSeconds: number | null;
    };

export interface VerifyOptions {
  readonly nowSeconds: number;
  /** How far the time of the attempt may be off, to both sides; 300 is customary. */
  readonly toleranceSeconds: number;
}

export const toleranceSecondsDefault = 300;

/** A sender has one signature a key. A list without bound would let anybody buy our time with a header. */
const signaturesMax = 16;
const signatureLengthMax = 4096;
const timestampForm = /^\d{1,12}$/;

/**
 * Whether a webhook comes from who holds one of the keys, unchanged and now. Any pair of signature and key that fits is
 * enough; versions that are not known here are passed over. Comparisons take the same time whatever differs.
 */
export function verifyWebhook(
  received: ReceivedWebhook,
  keys: readonly VerifyingKey[],
  { nowSeconds, toleranceSeconds }: VerifyOptions,
): Verification {
  const read = readHeaders(received);
  if ('reason' in read) return { valid: false, keyId: null, ageSeconds: null, ...read };
  const ageSeconds = nowSeconds - Number(read.timestamp);
  const key = matching(read, received.body, keys);
  if (key === undefined) {
    return { valid: false, keyId: null, ageSeconds, ...mismatch(read, received.body, keys) };
  }
  if (Math.abs(ageSeconds) > toleranceSeconds) {
    return { valid: false, keyId: key.id, ageSeconds, ...outOfTime(ageSeconds, toleranceSeconds) };
  }
  return { valid: true, keyId: key.id, scheme: key.scheme, ageSeconds };
}

interface ReadHeaders {
  readonly id: string;
  readonly timestamp: string;
  readonly signatures: readonly { readonly scheme: Scheme; readonly bytes: Buffer }[];
}

interface Refused {
  readonly reason: Refusal;
  readonly message: string;
}

function readHeaders({ id, timestamp, signature }: ReceivedWebhook): ReadHeaders | Refused {
  if (id === undefined) return { reason: 'no_id', message: 'it has no header webhook-id' };
  if (!isMessageId(id)) {
    return { reason: 'bad_id', message: 'webhook-id is empty, too long, or has a dot, a space or what is not ASCII' };
  }
  if (timestamp === undefined) return { reason: 'no_timestamp', message: 'it has no header webhook-timestamp' };
  if (!timestampForm.test(timestamp)) {
    return { reason: 'bad_timestamp', message: 'webhook-timestamp is no whole number of unix seconds' };
  }
  if (signature === undefined) return { reason: 'no_signature', message: 'it has no header webhook-signature' };
  const signatures = readSignatures(signature);
  return 'reason' in signatures ? signatures : { id, timestamp, signatures: signatures.read };
}

function readSignatures(header: string): { readonly read: ReadHeaders['signatures'] } | Refused {
  const parts = header.length > signatureLengthMax ? [] : header.split(' ').filter((part) => part !== '');
  if (parts.length === 0 || parts.length > signaturesMax) {
    return { reason: 'bad_signature', message: `webhook-signature is no list of 1 to ${signaturesMax} signatures` };
  }
  const known = parts.map(splitSignature).filter(({ version }) => version === 'v1' || version === 'v1a');
  if (known.length === 0) {
    return { reason: 'no_known_version', message: 'webhook-signature has neither v1 (HMAC) nor v1a (Ed25519)' };
  }
  const read = known.flatMap(({ version, text }) => {
    const bytes = decodeBase64(text);
    const scheme: Scheme = version === 'v1' ? 'v1' : 'v1a';
    return bytes?.length === signatureBytes[scheme] ? [{ scheme, bytes }] : [];
  });
  if (read.length > 0) return { read };
  return { reason: 'bad_signature', message: 'what follows v1 or v1a in webhook-signature is no signature in base64' };
}

const signatureBytes: Readonly<Record<Scheme, number>> = { v1: 32, v1a: 64 };

function splitSignature(part: string): { version: string; text: string } {
  const comma = part.indexOf(',');
  return comma < 0 ? { version: '', text: '' } : { version: part.slice(0, comma), text: part.slice(comma + 1) };
}

/** Every pair is tried, whatever has been found: how long it takes says nothing of which one fits. */
function matching(
  { id, timestamp, signatures }: ReadHeaders,
  body: Uint8Array,
  keys: readonly VerifyingKey[],
): VerifyingKey | undefined {
  const content = signedContent(id, timestamp, body);
  const fitting = keys.filter((key) => {
    const own = signatures.filter(({ scheme }) => scheme === key.scheme).map(({ bytes }) => bytes);
    const hits = own.map(fitsOf(key, content));
    return hits.some((hit) => hit);
  });
  return fitting[0];
}

function fitsOf(key: VerifyingKey, content: Uint8Array): (signature: Buffer) => boolean {
  if (key.scheme === 'v1a') return (signature) => verifyDigitally(null, content, key.publicKey, signature);
  const expected = hmacOf(key.secret, content);
  return (signature) => timingSafeEqual(expected, signature);
}

function outOfTime(ageSeconds: number, toleranceSeconds: number): Refused {
  const off = `${Math.abs(ageSeconds)} s, more than the ${toleranceSeconds} s allowed`;
  return ageSeconds > 0
    ? { reason: 'too_old', message: `its signature fits, but it is too old: ${off}` }
    : { reason: 'too_new', message: `its signature fits, but it comes from the future: ${off}` };
}

/** Why no signature fits, as far as it can be told: what programs on the way commonly do to a body is tried backwards. */
function mismatch(read: ReadHeaders, body: Uint8Array, keys: readonly VerifyingKey[]): Refused {
  const found = formerBodies(body).find((former) => matching(read, former.bytes, keys) !== undefined);
  if (found !== undefined) {
    return { reason: 'body_changed', message: `its body has been changed on the way: ${found.what}` };
  }
  const schemes = new Set(keys.map((key) => key.scheme));
  if (!read.signatures.some(({ scheme }) => schemes.has(scheme))) {
    return { reason: 'no_match', message: 'its signatures are of another scheme than the keys: HMAC and Ed25519' };
  }
  return {
    reason: 'no_match',
    message: 'no signature fits: other keys, or its id, time or body is not what was signed',
  };
}

/** Beyond it nobody sends webhooks, and trying costs more than the answer is worth. */
const triedBytesMax = 1 << 20;

interface FormerBody {
  readonly what: string;
  readonly bytes: Uint8Array;
}

function formerBodies(body: Uint8Array): FormerBody[] {
  if (body.length > triedBytesMax) return [];
  // latin1 gives each byte one character, so whatever it is comes back unchanged.
  const text = Buffer.from(body).toString('latin1');
  const candidates = [
    { what: 'a line break was added at its end', text: text.replace(/\r?\n$/, '') },
    { what: 'a line break was taken from its end', text: `${text}\n` },
    { what: 'line breaks LF became CR LF', text: text.replaceAll('\r\n', '\n') },
    { what: 'line breaks CR LF became LF', text: text.replaceAll(/\r?\n/g, '\r\n') },
  ].map(({ what, text: former }): FormerBody => ({ what, bytes: Buffer.from(former, 'latin1') }));
  const compact = writtenAgain(body);
  if (compact !== undefined) candidates.push({ what: 'its JSON was read and written again', bytes: compact });
  return candidates;
}

function writtenAgain(body: Uint8Array): Buffer | undefined {
  try {
    return Buffer.from(JSON.stringify(JSON.parse(Buffer.from(body).toString('utf8'))), 'utf8');
  } catch {
    // Not JSON, so nobody wrote it again as such.
    return undefined;
  }
}
