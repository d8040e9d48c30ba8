import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { FourninesError, systemCode } from '../../core/runtime/error.ts';

/** AES-256-GCM, NIST SP 800-38D: nonces of 96 bits by chance, which is safe for 2^32 texts of one key. */
const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

/** The key that secrets are sealed with, in a file apart from the store: whoever has one of the two has nothing. */
export class SealKey {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** Reads the file, 64 hex digits; one in the data folder is made at the first time. FN_CONFIG. */
  static fromFile(path: string, { isMade }: { readonly isMade: boolean }): SealKey {
    try {
      if (isMade && !existsSync(path)) {
        writeFileSync(path, `${randomBytes(keyBytes).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
      }
      const text = readFileSync(path, 'utf8').trim();
      if (!/^[0-9a-f]{64}$/i.test(text)) throw new FourninesError('FN_CONFIG', `${path} does not have 64 hex digits`);
      return new SealKey(Buffer.from(text, 'hex'));
    } catch (error) {
      if (error instanceof FourninesError) throw error;
      const why = systemCode(error) ?? 'no reason';
      throw new FourninesError('FN_CONFIG', `the key of secrets, ${path}, cannot be read (${why})`, { cause: error });
    }
  }

  /** Another key, for one purpose alone: whoever learns it learns neither this one nor that of another purpose (RFC 5869). */
  derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#key, '', `fournines ${purpose}`, keyBytes));
  }

  /** Base64 of nonce, tag and text. `about` must be the same when it is opened: a row that was moved does not open. */
  seal(text: string, about: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key, nonce).setAAD(Buffer.from(about));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  /** FN_SECRET_SEALED: another key, another row, or not what was sealed. */
  open(sealed: string, about: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    try {
      const decipher = createDecipheriv(algorithm, this.#key, bytes.subarray(0, nonceBytes))
        .setAAD(Buffer.from(about))
        .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8');
    } catch (error) {
      throw new FourninesError('FN_SECRET_SEALED', `the secret of ${about} does not open`, { cause: error });
    }
  }
}
