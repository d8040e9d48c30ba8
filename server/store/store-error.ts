import { FourninesError } from '../../core/runtime/error.ts';
import type { ErrorCode } from '../../core/runtime/error-catalogue.ts';
import type { Lane } from './engine.ts';

/** An error as it crosses from the engine: the fields of a ClickHouseError. */
export interface RawStoreError {
  /** ClickHouse's number as text ('60'), a system code, or empty. */
  readonly code: string;
  /** ClickHouse's name of the number (UNKNOWN_TABLE), or empty. */
  readonly type: string;
  readonly message: string;
}

/**
 * ClickHouse's numbers for what may pass by itself: no file handles or space, too many parts or queries, a lost line,
 * an unknown outcome. From src/Common/ErrorCodes.cpp.
 */
const passing = new Set([
  '74', // CANNOT_READ_FROM_FILE_DESCRIPTOR
  '75', // CANNOT_WRITE_TO_FILE_DESCRIPTOR
  '76', // CANNOT_OPEN_FILE
  '77', // CANNOT_CLOSE_FILE
  '88', // CANNOT_TRUNCATE_FILE
  '172', // CANNOT_CREATE_DIRECTORY
  '204', // CANNOT_FSYNC
  '294', // CANNOT_WRITE_TO_FILE
  '400', // CANNOT_STAT
  '458', // CANNOT_UNLINK
  '521', // ATOMIC_RENAME_FAIL
  '586', // CANNOT_CREATE_FILE
  '1000', // POCO_EXCEPTION: files and threads of the library below
  '1001', // STD_EXCEPTION: no memory, no thread, a failed file operation
  '202', // TOO_MANY_SIMULTANEOUS_QUERIES
  '209', // SOCKET_TIMEOUT
  '210', // NETWORK_ERROR
  '236', // ABORTED
  '242', // TABLE_IS_READ_ONLY
  '243', // NOT_ENOUGH_SPACE
  '252', // TOO_MANY_PARTS
  '319', // UNKNOWN_STATUS_OF_INSERT
  '425', // SYSTEM_ERROR
  '439', // CANNOT_SCHEDULE_TASK
  '745', // SERVER_OVERLOADED
  '999', // KEEPER_EXCEPTION
]);
const timeouts = new Set([
  '159', // TIMEOUT_EXCEEDED
  '394', // QUERY_WAS_CANCELLED: we cancel what passes its deadline
]);
/** TOO_MANY_ROWS_OR_BYTES: past `rowsMax` of a named query. */
const tooManyRows = '396';
const memoryLimitExceeded = '241';
const cannotOpenFile = '76';

/**
 * What only the operator can mend, and does: a password that was changed, a database or a right that is missing, a quota.
 * An insert waits for it: its rows are as good as ever.
 */
const operators = new Set([
  '81', // UNKNOWN_DATABASE
  '164', // READONLY
  '192', // UNKNOWN_USER
  '193', // WRONG_PASSWORD
  '194', // REQUIRED_PASSWORD
  '201', // QUOTA_EXCEEDED
  '497', // ACCESS_DENIED
  '516', // AUTHENTICATION_FAILED
]);

/** True when ClickHouse itself said it. */
export function isCarried({ code }: RawStoreError): boolean {
  return /^\d+$/.test(code);
}

/** An error over a network. What carries no number of ClickHouse's never reached it, or its answer never reached us. */
export function translateCarriedError(raw: RawStoreError, lane: Lane): FourninesError {
  if (isCarried(raw) && !(lane === 'insert' && operators.has(raw.code))) return translateStoreError(raw, lane);
  const context = { storeCode: isCarried(raw) ? raw.code : '', storeType: raw.type === '' ? raw.code : raw.type };
  return new FourninesError('FN_STORE_AWAY', `the store: ${raw.message.slice(0, 500)}`, { context });
}

/** The one place that knows ClickHouse's errors. */
export function translateStoreError(raw: RawStoreError, lane: Lane): FourninesError {
  return new FourninesError(codeOf(raw.code, lane), `the store: ${raw.message.slice(0, 500)}`, {
    context: { storeCode: raw.code, storeType: raw.type },
  });
}

function codeOf(code: string, lane: Lane): ErrorCode {
  if (timeouts.has(code)) return 'FN_STORE_TIMEOUT';
  if (passing.has(code)) return 'FN_STORE_AWAY';
  if (code === tooManyRows && lane === 'query') return 'FN_STORE_TOO_MUCH';
  // An insert is small and fits when a query beside it has ended; a query that needs too much will need it again.
  if (code === memoryLimitExceeded && lane === 'insert') return 'FN_STORE_AWAY';
  return 'FN_STORE';
}

/**
 * Opening a folder that another process has open fails with CANNOT_OPEN_FILE. chDB gives that number only in a line on
 * stderr: "Code: 76. DB::Exception: Cannot lock file ... (CANNOT_OPEN_FILE)".
 */
export function translateOpenError(message: string, path: string): FourninesError {
  const code = /\bCode: (\d+)\./.exec(message)?.[1] ?? '';
  const context = { path, storeCode: code };
  if (code === cannotOpenFile) {
    return new FourninesError('FN_FOLDER_LOCKED', `the store's folder ${path} is in use`, { context });
  }
  return new FourninesError('FN_STORE_AWAY', `the store cannot be opened: ${message.slice(0, 500)}`, { context });
}
