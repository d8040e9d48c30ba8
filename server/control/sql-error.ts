import { FourninesError } from '../../core/runtime/error.ts';
import type { ErrorCode } from '../../core/runtime/error-catalogue.ts';

/** An error as it crosses from PostgreSQL, embedded or not. */
export interface RawSqlError {
  /** SQLSTATE ('40001'), a system code ('ECONNREFUSED'), or empty. */
  readonly code: string;
  readonly message: string;
}

/** SQLSTATE has five letters or digits; a system code is longer or has another form. */
const sqlState = /^[0-9A-Z]{5}$/;

/** From PostgreSQL's appendix A: what passes by itself, by class or by code. */
const passingClasses = new Set(['08', '53', '58']);
const passing = new Set(['57P01', '57P02', '57P03', '57P05', '25006', '25P03', '25P04', '55P03', '55006']);
const conflicts = new Set(['40001', '40P01']);
const queryCanceled = '57014';

export function rawSqlErrorOf(error: unknown): RawSqlError {
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const { code } = error as { code?: unknown };
  return { code: typeof code === 'string' ? code : '', message: error.message };
}

/** The one place that knows PostgreSQL's errors. What carries no SQLSTATE never reached the database, or its answer us. */
export function translateSqlError({ code, message }: RawSqlError): FourninesError {
  return new FourninesError(codeOf(code), `the control store: ${message.slice(0, 500)}`, {
    context: { sqlState: code },
  });
}

function codeOf(code: string): ErrorCode {
  if (code === queryCanceled) return 'FN_CONTROL_TIMEOUT';
  if (conflicts.has(code)) return 'FN_CONTROL_CONFLICT';
  if (!sqlState.test(code) || passing.has(code) || passingClasses.has(code.slice(0, 2))) return 'FN_CONTROL_AWAY';
  return 'FN_CONTROL';
}
