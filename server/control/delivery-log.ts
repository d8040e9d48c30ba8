import type { ControlRow, ControlStore } from './control-store.ts';

/** What the outbox holds at an instant. */
export interface OutboxSums {
  /** Changes of breaches that nobody has looked at yet; each figure here is counted up to a hundred thousand. */
  readonly pending: number;
  readonly waiting: number;
  readonly dead: number;
  /** When the oldest of those that wait was decided, unix ms; null: nothing waits. */
  readonly oldestMs: number | null;
  /** Receivers by what their circuit lets pass. */
  readonly receivers: Readonly<Record<CircuitState, number>>;
}

export const circuitStates = ['closed', 'open', 'disabled'] as const;
export type CircuitState = (typeof circuitStates)[number];

const countedMax = 100_000;
/** Whoever asks for these figures can do without them. */
const deadlineMs = 2_000;

/** The log of deliveries as a whole: what it holds, and what of it is old enough to be forgotten. */
export class DeliveryLog {
  readonly #store: ControlStore;

  constructor(store: ControlStore) {
    this.#store = store;
  }

  async sums(nowMs: number): Promise<OutboxSums> {
    const [row] = await this.#store.query(
      `SELECT (SELECT count(*)::integer FROM (SELECT 1 FROM alert_pending LIMIT ${countedMax}) p) AS pending,
         (SELECT count(*)::integer FROM (SELECT 1 FROM delivery WHERE state = 'dead' LIMIT ${countedMax}) x) AS dead,
         w.waiting, w.oldest_ms, q.*
       FROM (SELECT count(*)::integer AS waiting, min(decided_ms) AS oldest_ms
             FROM (SELECT decided_ms FROM delivery WHERE state = 'waiting' LIMIT ${countedMax}) x) w
       CROSS JOIN (
         SELECT count(*) FILTER (WHERE disabled <> '')::integer AS disabled,
           count(*) FILTER (WHERE disabled = '' AND open_until_ms > $1)::integer AS open,
           count(*) FILTER (WHERE disabled = '' AND open_until_ms <= $1)::integer AS closed FROM receiver_queue) q`,
      [nowMs],
      { deadlineMs },
    );
    const count = (name: string) => countOf(row, name);
    return {
      pending: count('pending'),
      waiting: count('waiting'),
      dead: count('dead'),
      oldestMs: row?.['oldest_ms'] === null ? null : count('oldest_ms'),
      receivers: { closed: count('closed'), open: count('open'), disabled: count('disabled') },
    };
  }

  /**
   * Forgets up to `limit` of the oldest deliveries that were decided and delivered before `beforeMs`, with their attempts;
   * gives how many. What waits and dead letters stay, however old they are.
   */
  async forget(beforeMs: number, limit: number): Promise<number> {
    const rows = await this.#store.query(
      `WITH old AS MATERIALIZED (
         SELECT id FROM delivery WHERE decided_ms < $1 AND changed_ms < $1 AND state = 'delivered'
         ORDER BY decided_ms LIMIT $2 FOR UPDATE SKIP LOCKED),
       attempts AS (DELETE FROM delivery_attempt a USING old WHERE a.delivery_id = old.id)
       DELETE FROM delivery d USING old WHERE d.id = old.id RETURNING 1`,
      [beforeMs, limit],
    );
    return rows.length;
  }
}

function countOf(row: ControlRow | undefined, name: string): number {
  return Number(row?.[name]);
}
