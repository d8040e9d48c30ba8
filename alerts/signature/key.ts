import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { FourninesError } from '../../core/runtime/error.ts';

/** Both schemes of Standard Webhooks 1.0.0, by the version that stands before a signature: HMAC-SHA256 and Ed25519. */
export type Scheme = 'v1' | 'v1a';

interface HmacKey {
  readonly scheme: 'v1';
  /** Tells keys apart in logs and reports without showing them. */
  readonly id: string;
  readonly secret: Uint8Array;
}

/** What a sender holds. */
export type SigningKey =
  | HmacKey
  | { readonly scheme: 'v1a'; readonly id: string; readonly privateKey: KeyObject; readonly publicKey: KeyObject };

/** What a receiver holds: the same secret, or the public half alone. */
export type VerifyingKey = HmacKey | { readonly scheme: 'v1a'; readonly id: string; readonly publicKey: KeyObject };

/** The specification wants 192 to 512 bits of a shared secret. */
const secretBytesMin = 24;
const secretBytesMax = 64;
const newSecretBytes = 32;
const ed25519Bytes = 32;
/** Larger than any key there is; what is longer is not even decoded. */
const textLengthMax = 200;

/** DER that stands before the 32 bytes of an Ed25519 key (RFC 8410): of a private one (PKCS #8), of a public one (SPKI). */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** Reads `whsec_...` or `whsk_...`. Never puts what it was given into an error. */
export function parseSigningKey(text: string): SigningKey {
  const { prefix, bytes } = decoded(text);
  switch (prefix) {
    case 'whsec_':
      return hmacKey(bytes);
    case 'whsk_':
      return privateKeyOf(bytes);
    case 'whpk_':
      throw refused('a public key (whpk_) cannot sign', 'Give the secret key of the pair, whsk_...');
  }
}

/** Reads `whsec_...`, `whpk_...`, or `whsk_...`, of which only the public half is kept. */
export function parseVerifyingKey(text: string): VerifyingKey {
  const { prefix, bytes } = decoded(text);
  switch (prefix) {
    case 'whsec_':
      return hmacKey(bytes);
    case 'whsk_': {
      const { scheme, id, publicKey } = privateKeyOf(bytes);
      return { scheme, id, publicKey };
    }
    case 'whpk_':
      return publicKeyOf(bytes);
  }
}

/** A new shared secret, `whsec_...`. */
export function newSecret(): string {
  return `whsec_${randomBytes(newSecretBytes).toString('base64')}`;
}

/** A new pair: `whsk_...` stays with the sender, `whpk_...` goes to the receiver. */
export function newKeyPair(): { readonly secretKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(privatePrefix.length);
  const half = rawPublic(publicKey);
  // Seed and public half, as other implementations write it; parseSigningKey takes the seed alone as well.
  return {
    secretKey: `whsk_${Buffer.concat([seed, half]).toString('base64')}`,
    publicKey: `whpk_${half.toString('base64')}`,
  };
}

/** `whpk_...` of a key that signs by Ed25519, to be shown to its receiver; undefined for a shared secret. */
export function publicKeyText(key: SigningKey): string | undefined {
  return key.scheme === 'v1a' ? `whpk_${rawPublic(key.publicKey).toString('base64')}` : undefined;
}

const prefixes = ['whsec_', 'whsk_', 'whpk_'] as const;
type Prefix = (typeof prefixes)[number];

function decoded(text: string): { prefix: Prefix; bytes: Buffer } {
  const prefix = prefixes.find((each) => text.startsWith(each));
  if (prefix === undefined) throw refused('a key of webhooks begins with whsec_, whsk_ or whpk_');
  const base64 = text.slice(prefix.length);
  if (base64 === '') throw refused(`nothing follows ${prefix}`);
  if (text.length > textLengthMax) throw refused(`${text.length} characters are too long for a key`);
  const bytes = decodeBase64(base64);
  if (bytes === undefined) throw refused(`what follows ${prefix} is not base64`);
  return { prefix, bytes };
}

/** Bytes of standard base64 with its padding; undefined if it is anything else (Node's own decoder takes everything). */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function hmacKey(bytes: Buffer): HmacKey {
  if (bytes.length < secretBytesMin || bytes.length > secretBytesMax) {
    throw refused(`a shared secret has ${secretBytesMin} to ${secretBytesMax} bytes, not ${bytes.length}`);
  }
  return { scheme: 'v1', id: idOf('v1', bytes), secret: bytes };
}

function privateKeyOf(bytes: Buffer): Extract<SigningKey, { scheme: 'v1a' }> {
  if (bytes.length !== ed25519Bytes && bytes.length !== 2 * ed25519Bytes) {
    throw refused(`a secret key of Ed25519 has 32 bytes, or 64 with its public half, not ${bytes.length}`);
  }
  const seed = bytes.subarray(0, ed25519Bytes);
  const privateKey = createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  const half = rawPublic(publicKey);
  if (bytes.length === 2 * ed25519Bytes && !half.equals(bytes.subarray(ed25519Bytes))) {
    throw refused('the two halves of the key do not belong together');
  }
  return { scheme: 'v1a', id: idOf('v1a', half), privateKey, publicKey };
}

function publicKeyOf(bytes: Buffer): Extract<VerifyingKey, { scheme: 'v1a' }> {
  if (bytes.length !== ed25519Bytes) throw refused(`a public key of Ed25519 has 32 bytes, not ${bytes.length}`);
  const publicKey = createPublicKey({ key: Buffer.concat([publicPrefix, bytes]), format: 'der', type: 'spki' });
  return { scheme: 'v1a', id: idOf('v1a', bytes), publicKey };
}

function rawPublic(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);
}

/** The same for both halves of a pair. Of a secret of 192 bits and more, a hash gives nothing away. */
function idOf(scheme: Scheme, bytes: Uint8Array): string {
  return createHash('sha256').update(`fournines webhook key ${scheme}`).update(bytes).digest('hex').slice(0, 12);
}

function refused(what: string, hint?: string): FourninesError {
  return new FourninesError('FN_WEBHOOK_KEY', what, hint === undefined ? {} : { hint });
}
