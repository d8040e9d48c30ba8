import { createHmac, sign as signDigitally } from 'node:crypto';
import { assert } from '../../core/runtime/error.ts';
import type { SigningKey } from './key.ts';

/** Of each request that is signed; names as Standard Webhooks 1.0.0 has them. */
export interface SignatureHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/** Old and new, of both schemes, while receivers change over. */
export const signingKeysMax = 4;

/**
 * What an id of a message may be. The dot is left out because it parts what is signed: with one in it, an id and a time
 * could be read as another id and another time.
 */
const messageId = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;

export function isMessageId(id: string): boolean {
  return messageId.test(id);
}

/** "id.time.body", the bytes that both schemes sign. */
export function signedContent(id: string, timestamp: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`, 'latin1'), body]);
}

/**
 * Signs one attempt with every key, in their order: whoever still has the old one finds a signature that fits as well.
 * `attemptAt` is in unix seconds, of this attempt and not of the event; the id stays the same over all attempts.
 */
export function signatureHeaders(
  id: string,
  attemptAt: number,
  body: Uint8Array,
  keys: readonly SigningKey[],
): SignatureHeaders {
  assert(isMessageId(id), 'the id of a message has 1 to 256 visible ASCII characters, and no dot');
  assert(Number.isSafeInteger(attemptAt) && attemptAt >= 0, 'an attempt is made at a whole second');
  assert(keys.length > 0 && keys.length <= signingKeysMax, `one to ${signingKeysMax} keys sign`);
  const timestamp = String(attemptAt);
  const content = signedContent(id, timestamp, body);
  const signatures = keys.map((key) => `${key.scheme},${signatureOf(key, content).toString('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

function signatureOf(key: SigningKey, content: Uint8Array): Buffer {
  return key.scheme === 'v1' ? hmacOf(key.secret, content) : signDigitally(null, content, key.privateKey);
}

export function hmacOf(secret: Uint8Array, content: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(content).digest();
}
