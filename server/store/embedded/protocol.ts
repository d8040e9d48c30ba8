import type { Lane, QueryParameters } from '../engine.ts';
import type { RawStoreError } from '../store-error.ts';

/** What the engine's process and its parent say to each other, over the IPC channel with 'advanced' serialization. */

export interface RunRequest {
  readonly type: 'run';
  readonly id: number;
  readonly lane: Lane;
  readonly sql: string;
  /** Present: a query, answered with its rows; absent: a statement without an answer. */
  readonly parameters: QueryParameters | undefined;
}

export interface CancelRequest {
  readonly type: 'cancel';
  readonly id: number;
}

export type Request = RunRequest | CancelRequest | { readonly type: 'close' };

export type Reply =
  | { readonly type: 'ready'; readonly version: string }
  | { readonly type: 'unopened'; readonly message: string }
  | { readonly type: 'done'; readonly id: number; readonly text: string }
  | { readonly type: 'failed'; readonly id: number; readonly error: RawStoreError };
