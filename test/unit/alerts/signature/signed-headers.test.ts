import { expect, test } from 'vitest';
import { newSecret, parseSigningKey } from '../../../../alerts/signature/key.ts';
import { optionalSignature, requiredSignature } from '../../../../alerts/signature/signed-headers.ts';

const body = new Uint8Array([1]);
const refusal = expect.objectContaining({ code: 'FN_WEBHOOK_KEY' });

test('who must sign needs a key; who may, sends without', () => {
  const none = { attemptAt: 1, keys: [] };
  expect(() => requiredSignature('m', body, none)).toThrow(refusal);
  expect(optionalSignature('m', body, none)).toEqual({});
  const one = { attemptAt: 1, keys: [parseSigningKey(newSecret())] };
  expect(optionalSignature('m', body, one)).toEqual(requiredSignature('m', body, one));
});

test('more than four keys are a mistake', () => {
  const keys = Array.from({ length: 5 }, () => parseSigningKey(newSecret()));
  expect(() => requiredSignature('m', body, { attemptAt: 1, keys })).toThrow(refusal);
  expect(
    requiredSignature('m', body, { attemptAt: 1, keys: keys.slice(1) })['webhook-signature'].split(' '),
  ).toHaveLength(4);
});
