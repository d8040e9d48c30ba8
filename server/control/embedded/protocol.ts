import type { ControlRow, ControlValue } from '../control-store.ts';
import type { RawSqlError } from '../sql-error.ts';

/** What the embedded control store's process and its parent say to each other, with 'advanced' serialization. */

export interface StatementRequest {
  readonly type: 'run';
  readonly id: number;
  readonly sql: string;
  /** Undefined: a script, several statements without an answer. */
  readonly values: readonly ControlValue[] | undefined;
}

export type Request = StatementRequest | { readonly type: 'close' };

export type Reply =
  | { readonly type: 'ready'; readonly version: string }
  /** `code` is that of a FourninesError, or empty. */
  | { readonly type: 'unopened'; readonly code: string; readonly message: string }
  | { readonly type: 'done'; readonly id: number; readonly rows: readonly ControlRow[] }
  | { readonly type: 'failed'; readonly id: number; readonly error: RawSqlError };
