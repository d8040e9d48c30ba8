/**
 * The store behind one port: ClickHouse, embedded or on a network. Statements are ours (server/store only); values go in
 * as typed parameters. Settings stand in the SETTINGS clause of a statement, never beside it: with chDB they would stay
 * on the session and act on every later statement.
 */

export type QueryParameter = string | number | readonly string[];
export type QueryParameters = Readonly<Record<string, QueryParameter>>;

export interface CallOptions {
  /** Time from the call to its answer, waiting included; afterwards FN_STORE_TIMEOUT. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

export interface InsertFile {
  readonly table: string;
  readonly columns: readonly string[];
  /** Absolute path of a file of ClickHouse Native blocks, on this machine. */
  readonly path: string;
  /**
   * Names this insert for good: a second insert with the same token changes neither the table nor its views. It covers
   * the whole file. The caller repeats an insert whose answer was lost with the same token and the same bytes.
   */
  readonly token?: string;
}

export interface Engine {
  /** Folder of its files, where they are on this machine and ours alone; undefined: another server has them. */
  readonly folder?: string;
  /** Rows as JSON objects; 64-bit integers are decimal strings. */
  query(sql: string, parameters: QueryParameters, options: CallOptions): Promise<readonly unknown[]>;
  /** A statement without an answer: DDL, INSERT ... SELECT. */
  command(sql: string, options?: CallOptions): Promise<void>;
  insertFile(insert: InsertFile, options: CallOptions): Promise<void>;
  stats(): EngineStats;
  close(): Promise<void>;
}

/** One that has to be opened first. */
export interface StartableEngine extends Engine {
  /** Resolves when statements can run; rejects with FN_STORE_AWAY, FN_FOLDER_LOCKED or what will not pass by itself. */
  start(): Promise<void>;
}

export const commandDeadlineMs = 60_000;

/** Of an answer in JSONEachRow: one object a line; a line break inside a value is escaped. */
export function rowsOf(text: string): readonly unknown[] {
  const body = text.trimEnd();
  return body === '' ? [] : (JSON.parse(`[${body.replaceAll('\n', ',')}]`) as unknown[]);
}

/** `restarting`: it was there and is gone; it is tried again until it is back. */
export type EngineState = 'starting' | 'ready' | 'restarting' | 'closed';

/** Inserts have a lane of their own, so that no query stands in their way. */
export const lanes = ['insert', 'query'] as const;
export type Lane = (typeof lanes)[number];

export interface LaneStats {
  /** Waiting, those that run not counted. */
  readonly queued: number;
  /** How long the first in the queue has waited, ms; 0 when none waits. */
  readonly oldestWaitMs: number;
  /** How long the one that runs longest has run, ms; undefined: none runs. */
  readonly runningMs: number | undefined;
  readonly started: number;
  /** Waiting time before the start, summed over `started`, and its largest, ms. */
  readonly waitedMsSum: number;
  readonly waitedMsMax: number;
}

export interface EngineStats {
  readonly state: EngineState;
  readonly lanes: Readonly<Record<Lane, LaneStats>>;
  /** How often it was gone after it had been there. */
  readonly restarts: number;
  /** Code of the last error any call ended with, or empty. */
  readonly lastErrorCode: string;
}
