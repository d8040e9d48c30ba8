import { createPrivateKey, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  newKeyPair,
  newSecret,
  parseSigningKey,
  parseVerifyingKey,
  publicKeyText,
} from '../../../../alerts/signature/key.ts';

/** RFC 8032, section 7.1, tests 1 to 3: seed and public half. */
const rfc8032 = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
  ],
] as const;

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const secretOf = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

describe('keys are read as the specification writes them', () => {
  test.each(rfc8032)('a seed of Ed25519 gives the public half of RFC 8032 (%#)', (seed, half) => {
    const alone = parseSigningKey(`whsk_${base64(seed)}`);
    const whole = parseSigningKey(`whsk_${base64(seed + half)}`);
    expect(publicKeyText(alone)).toBe(`whpk_${base64(half)}`);
    expect(publicKeyText(whole)).toBe(`whpk_${base64(half)}`);
    const ids = [alone, whole, parseVerifyingKey(`whpk_${base64(half)}`), parseVerifyingKey(`whsk_${base64(seed)}`)];
    expect(new Set(ids.map(({ id }) => id)).size).toBe(1);
  });

  test('the private half is the one that node:crypto makes of the same seed by another form', () => {
    const [seed, half] = rfc8032[1];
    const key = parseSigningKey(`whsk_${base64(seed)}`);
    if (key.scheme !== 'v1a') throw new Error('another scheme');
    const d = Buffer.from(seed, 'hex').toString('base64url');
    const x = Buffer.from(half, 'hex').toString('base64url');
    const other = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' });
    expect(sign(null, Buffer.from('r'), key.privateKey)).toEqual(sign(null, Buffer.from('r'), other));
    // RFC 8032, test 2: the message 0x72.
    const signature =
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00';
    expect(sign(null, Buffer.from('72', 'hex'), key.privateKey).toString('hex')).toBe(signature);
    expect(verify(null, Buffer.from('72', 'hex'), key.publicKey, Buffer.from(signature, 'hex'))).toBe(true);
  });

  test('new ones differ and can be read', () => {
    expect(newSecret()).not.toBe(newSecret());
    expect(parseSigningKey(newSecret()).scheme).toBe('v1');
    const { secretKey, publicKey } = newKeyPair();
    expect(publicKeyText(parseSigningKey(secretKey))).toBe(publicKey);
    expect(parseVerifyingKey(secretKey)).not.toHaveProperty('privateKey');
    expect(publicKeyText(parseSigningKey(newSecret()))).toBeUndefined();
  });

  test.each([24, 64])('a secret of %i bytes is taken', (bytes) => {
    expect(parseVerifyingKey(secretOf(bytes)).scheme).toBe('v1');
  });
});

describe('what is no key is refused, and not shown', () => {
  test.each([
    ['nothing', '', 'begins with whsec_, whsk_ or whpk_'],
    ['no prefix', Buffer.alloc(32, 1).toString('base64'), 'begins with whsec_, whsk_ or whpk_'],
    ['another case', `WHSEC_${Buffer.alloc(32, 1).toString('base64')}`, 'begins with whsec_'],
    ['the prefix alone', 'whsec_', 'nothing follows whsec_'],
    ['23 bytes', secretOf(23), '24 to 64 bytes, not 23'],
    ['65 bytes', secretOf(65), '24 to 64 bytes, not 65'],
    ['no base64', `whsec_${'*'.repeat(44)}`, 'not base64'],
    ['base64 for addresses', `whsec_${'-_'.repeat(22)}`, 'not base64'],
    ['padding that is missing', secretOf(32).replace('=', ''), 'not base64'],
    ['a line break', `${secretOf(32)}\n`, 'not base64'],
    ['a megabyte', `whsec_${'A'.repeat(1 << 20)}`, 'too long'],
    ['half of a half', `whsk_${Buffer.alloc(31, 1).toString('base64')}`, 'has 32 bytes, or 64'],
    ['halves of two pairs', `whsk_${base64(rfc8032[0][0] + rfc8032[1][1])}`, 'do not belong together'],
    ['a long public key', `whpk_${Buffer.alloc(33, 1).toString('base64')}`, 'has 32 bytes, not 33'],
  ])('%s', (_, text, why) => {
    const refusal = { code: 'FN_WEBHOOK_KEY', message: expect.stringContaining(why) };
    expect(() => parseVerifyingKey(text)).toThrow(expect.objectContaining(refusal));
    if (!text.startsWith('whpk_')) {
      expect(() => parseSigningKey(text)).toThrow(expect.objectContaining(refusal));
    }
    try {
      parseSigningKey(text);
    } catch (error) {
      if (text.length > 18) expect(`${error}${JSON.stringify(error)}`).not.toContain(text.slice(7, 19));
    }
  });

  test('a public key does not sign', () => {
    expect(() => parseSigningKey(newKeyPair().publicKey)).toThrow(
      expect.objectContaining({ code: 'FN_WEBHOOK_KEY', message: expect.stringContaining('cannot sign') }),
    );
  });

  test('any text is a key or FN_WEBHOOK_KEY', () => {
    const prefix = fc.constantFrom('whsec_', 'whsk_', 'whpk_', '');
    fc.assert(
      fc.property(prefix, fc.oneof(fc.string(), fc.base64String({ maxLength: 120 })), (start, rest) => {
        try {
          parseVerifyingKey(start + rest);
        } catch (error) {
          expect(error).toMatchObject({ code: 'FN_WEBHOOK_KEY' });
        }
      }),
    );
  });
});
