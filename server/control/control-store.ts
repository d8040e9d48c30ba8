/**
 * The control store behind one port: PostgreSQL, embedded (PGlite) or on a network, with one SQL. It holds what must be
 * decided once and remembered: which blocks were cut, which messages were stored, who owns what, who maps to whom.
 *
 * Values go in as parameters (`$1`); `int8` comes out as bigint, `int4` as number, `timestamptz` is not asked for: times
 * cross as whole milliseconds since 1970, read from the database's own clock.
 */
export type ControlValue = string | number | bigint | boolean | null;
export type ControlRow = Readonly<Record<string, unknown>>;

export interface ControlSession {
  /** Rejects with FN_CONTROL_AWAY, FN_CONTROL_TIMEOUT, FN_CONTROL_CONFLICT or FN_CONTROL. */
  query(sql: string, values?: readonly ControlValue[]): Promise<readonly ControlRow[]>;
  /** Several statements without values and without an answer: a migration. */
  script(sql: string): Promise<void>;
}

export interface ControlCall {
  /** Time from the call to its answer, waiting and retries included; afterwards FN_CONTROL_TIMEOUT. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export interface ControlStore {
  /** Resolves when statements can run. */
  open(): Promise<void>;
  query(sql: string, values?: readonly ControlValue[], call?: ControlCall): Promise<readonly ControlRow[]>;
  /**
   * Runs `work` in one serializable transaction and repeats it a bounded number of times when the database finds that it
   * cannot be serialized; so `work` must have no effect but through its session. When the answer to COMMIT is lost the
   * outcome is unknown (FN_CONTROL_AWAY): whoever repeats must look first whether it is done.
   */
  transaction<T>(work: (session: ControlSession) => Promise<T>, call?: ControlCall): Promise<T>;
  stats(): ControlStats;
  close(): Promise<void>;
}

export interface ControlStats {
  readonly state: 'starting' | 'ready' | 'away' | 'closed';
  /** Transactions that were repeated because they could not be serialized. */
  readonly conflicts: number;
  readonly restarts: number;
  /** Code of the last error any call ended with, or empty. */
  readonly lastErrorCode: string;
}

export const controlDeadlineMs = 10_000;
