import { describe, expect, test } from 'vitest';
import {
  translateCarriedError,
  translateOpenError,
  translateStoreError,
} from '../../../../server/store/store-error.ts';
import errors from './store-errors.json' with { type: 'json' };

describe('the store adapter', () => {
  test.each(errors.statements)('$raw.type in an $lane is $code', ({ raw, lane, code, retryable }) => {
    const error = translateStoreError(raw, lane as 'insert' | 'query');
    expect(error).toMatchObject({ code, retryable, context: { storeCode: raw.code, storeType: raw.type } });
  });

  test.each(errors.openings)('an opening that fails is $code', ({ text, code }) => {
    expect(translateOpenError(text, '/data/store')).toMatchObject({ code, retryable: true });
  });

  const carried = (code: string, lane: 'insert' | 'query') =>
    translateCarriedError({ code, type: '', message: 'text' }, lane);

  test.each(['', 'ECONNREFUSED', 'ECONNRESET', 'CERT_HAS_EXPIRED'])('what carries no number is away: "%s"', (code) => {
    for (const lane of ['insert', 'query'] as const) {
      expect(carried(code, lane)).toMatchObject({ code: 'FN_STORE_AWAY', retryable: true, context: { storeCode: '' } });
    }
  });

  test.each(['81', '164', '497', '516'])(
    'what the operator has to mend (%s) keeps rows waiting, and is told to who asks',
    (code) => {
      expect(carried(code, 'insert')).toMatchObject({ code: 'FN_STORE_AWAY', context: { storeCode: code } });
      expect(carried(code, 'query')).toMatchObject({ code: 'FN_STORE', retryable: false });
    },
  );

  test('over a network the other numbers mean what they mean without one', () => {
    expect(carried('60', 'insert')).toMatchObject({ code: 'FN_STORE' });
    expect(carried('396', 'query')).toMatchObject({ code: 'FN_STORE_TOO_MUCH' });
    expect(carried('241', 'insert')).toMatchObject({ code: 'FN_STORE_AWAY' });
  });
});
