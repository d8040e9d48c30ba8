import { FourninesError } from '../../core/runtime/error.ts';
import type { FormContext } from '../channel.ts';
import { type SignatureHeaders, signatureHeaders, signingKeysMax } from './sign.ts';

/** Headers of a request that must be signed: without a key there is no request. */
export function requiredSignature(
  id: string,
  body: Uint8Array,
  { attemptAt, keys }: Pick<FormContext, 'attemptAt' | 'keys'>,
): SignatureHeaders {
  if (keys.length === 0) {
    throw new FourninesError('FN_WEBHOOK_KEY', 'the receiver has no signing key', {
      hint: 'Give it one: what is not signed could come from anybody.',
    });
  }
  if (keys.length > signingKeysMax) {
    throw new FourninesError(
      'FN_WEBHOOK_KEY',
      `the receiver has ${keys.length} signing keys, more than ${signingKeysMax}`,
    );
  }
  return signatureHeaders(id, attemptAt, body, keys);
}

/** As `requiredSignature`, for receivers that need not know of signatures: none where there is no key. */
export function optionalSignature(
  id: string,
  body: Uint8Array,
  context: Pick<FormContext, 'attemptAt' | 'keys'>,
): SignatureHeaders | Record<string, never> {
  return context.keys.length === 0 ? {} : requiredSignature(id, body, context);
}
