import { expect, test } from 'vitest';
import { rawSqlErrorOf, translateSqlError } from '../../../../server/control/sql-error.ts';

test.each([
  ['40001', 'FN_CONTROL_CONFLICT'],
  ['40P01', 'FN_CONTROL_CONFLICT'],
  ['57014', 'FN_CONTROL_TIMEOUT'],
  ['57P01', 'FN_CONTROL_AWAY'],
  ['08006', 'FN_CONTROL_AWAY'],
  ['53300', 'FN_CONTROL_AWAY'],
  ['25006', 'FN_CONTROL_AWAY'],
  ['ECONNREFUSED', 'FN_CONTROL_AWAY'],
  ['', 'FN_CONTROL_AWAY'],
  ['28P01', 'FN_CONTROL'],
  ['42P01', 'FN_CONTROL'],
  ['23505', 'FN_CONTROL'],
])('%s of PostgreSQL is %s', (code, ours) => {
  expect(translateSqlError({ code, message: 'why' })).toMatchObject({ code: ours, context: { sqlState: code } });
});

test('what is no error with a code never reached the database', () => {
  expect(rawSqlErrorOf('text')).toEqual({ code: '', message: 'text' });
  expect(rawSqlErrorOf(Object.assign(new Error('m'), { code: 7 }))).toEqual({ code: '', message: 'm' });
});
