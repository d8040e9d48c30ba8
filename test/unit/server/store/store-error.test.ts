import { describe, expect, test } from 'vitest';
import { translateOpenError, translateStoreError } from '../../../../server/store/store-error.ts';
import errors from './store-errors.json' with { type: 'json' };

describe('the store adapter', () => {
  test.each(errors.statements)('$raw.type in an $lane is $code', ({ raw, lane, code, retryable }) => {
    const error = translateStoreError(raw, lane as 'insert' | 'query');
    expect(error).toMatchObject({ code, retryable, context: { storeCode: raw.code, storeType: raw.type } });
  });

  test.each(errors.openings)('an opening that fails is $code', ({ text, code }) => {
    expect(translateOpenError(text, '/data/store')).toMatchObject({ code, retryable: true });
  });
});
