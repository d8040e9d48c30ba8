import type { NotificationReason } from '../../alerts/notification.ts';
import type { AttemptOutcome, DeliveryState } from '../../alerts/outbox/after-attempt.ts';
import { type Circuit, closedCircuit, openMsMax } from '../../alerts/outbox/circuit.ts';
import { clockSlackMs, lifeMs } from '../../alerts/outbox/schedule.ts';
import { type ActOf, acted } from './act-log.ts';
import type { ControlRow, ControlSession, ControlStore } from './control-store.ts';

type Session = Pick<ControlSession, 'query'>;

/** A notification on its way into the outbox. */
export interface NewDelivery {
  /** Of the notification, the same for ever: what is there already is left as it is. */
  readonly id: string;
  readonly receiver: string;
  readonly tenant: string | null;
  readonly reason: NotificationReason;
  /** The notification as JSON. */
  readonly document: string;
  /** Unix ms. */
  readonly decidedMs: number;
}

export interface Delivery extends NewDelivery {
  readonly ordinal: bigint;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Unix ms: no attempt before the first, none after the second. */
  readonly dueMs: number;
  readonly untilMs: number;
  /** Of the last attempt, or why it is dead without one; empty: none. */
  readonly code: string;
  readonly changedMs: number;
}

export interface Attempt {
  readonly attempt: number;
  readonly atMs: number;
  readonly latencyMs: number;
  readonly outcome: AttemptOutcome;
  /** Of the answer; null: none came. */
  readonly status: number | null;
  readonly code: string;
  readonly detail: string;
}

/** A delivery in the log, with what became of its last attempt. */
export interface LoggedDelivery extends Delivery {
  /** null: none was made. */
  readonly last: Pick<Attempt, 'atMs' | 'latencyMs' | 'outcome' | 'status'> | null;
}

/** A receiver that something was to be sent to, and what waits for it. */
export interface ReceiverQueue {
  readonly receiver: string;
  readonly circuit: Circuit;
  /** At most ten thousand are counted. */
  readonly waiting: number;
  /** When the first of what waits was decided, unix ms; null: nothing waits. */
  readonly oldestMs: number | null;
}

/** What is written down after one attempt. */
export interface AttemptRecord extends Attempt {
  readonly delivery: string;
  readonly receiver: string;
  readonly state: DeliveryState;
  readonly dueMs: number;
  readonly circuit: Circuit;
}

/** A receiver whose turn it is, with what waits for it in the order of sending. */
export interface ReceiverTurn {
  readonly receiver: string;
  readonly circuit: Circuit;
  readonly waiting: readonly Delivery[];
}

export interface DueChoice {
  readonly busy: readonly string[];
  /** So many receivers at most that did not fail last, and so many that did. */
  readonly healthy: number;
  readonly failing: number;
  readonly each: number;
}

export interface DeliveryQuery {
  readonly receiver?: string | undefined;
  readonly tenant?: string | undefined;
  readonly state?: DeliveryState | undefined;
  readonly after?: { readonly decidedMs: number; readonly id: string } | undefined;
  readonly limit: number;
}

/** What dead letters are sent again: all that fit. */
export interface ReplayChoice {
  readonly id?: string | undefined;
  readonly receiver?: string | undefined;
  /** When they were decided, unix ms, half open. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** Deliveries that wait for one receiver; what is more is a dead letter, and resolves are never among those. */
export const waitingMax = 1_000;
/** An alert that is over, in the JSON of a notification. Within a text its quotes would have backslashes. */
const endText = '"status":"resolved"';
/** Resolves are never given up, so more than `waitingMax` may wait: they are counted up to this. */
const waitingCounted = 10_000;
const attemptsShown = 100;
/** Dead letters that are sent again at once; asking again takes the next ones. */
export const replayMax = 10_000;

const columns =
  'id, receiver, ordinal, tenant, reason, document, decided_ms, state, attempts, due_ms, until_ms, code, changed_ms';

/**
 * Puts notifications into the outbox, in their order, within the transaction of what decided them. One that is there
 * already changes nothing.
 */
export async function addDeliveries(session: Session, deliveries: readonly NewDelivery[]): Promise<void> {
  if (deliveries.length === 0) return;
  const own = Map.groupBy(deliveries, ({ receiver }) => receiver);
  // In one order of receivers, so that two transactions do not wait for each other.
  const counts = [...own]
    .map(([receiver, { length }]) => [receiver, length] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const queues = await session.query(
    `INSERT INTO receiver_queue (receiver, newest, failures, open_until_ms, disabled)
     SELECT r->>0, (r->>1)::bigint, 0, 0, '' FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY AS x(r, n) ORDER BY n
     ON CONFLICT (receiver) DO UPDATE SET newest = receiver_queue.newest + excluded.newest RETURNING receiver, newest`,
    [JSON.stringify(counts)],
  );
  const numbered = queues.flatMap((queue) => {
    const added = own.get(String(queue['receiver'])) ?? [];
    const first = BigInt(String(queue['newest'])) - BigInt(added.length) + 1n;
    return added.map((delivery, i) => ({ ...delivery, ordinal: String(first + BigInt(i)) }));
  });
  await session.query(
    `INSERT INTO delivery (id, receiver, ordinal, tenant, reason, document, decided_ms, state, attempts, due_ms, until_ms,
       code, changed_ms)
     SELECT d->>'id', d->>'receiver', (d->>'ordinal')::bigint, d->>'tenant', d->>'reason', d->>'document',
       (d->>'decidedMs')::bigint, 'waiting', 0, (d->>'decidedMs')::bigint, (d->>'decidedMs')::bigint + ${lifeMs}, '',
       (d->>'decidedMs')::bigint
     FROM jsonb_array_elements($1::text::jsonb) AS d ON CONFLICT (id) DO NOTHING`,
    [JSON.stringify(numbered)],
  );
  await bound(
    session,
    [...own].map(([receiver, added]) => [receiver, added.at(-1)?.decidedMs ?? 0] as const),
  );
}

/**
 * The oldest of what is more than may wait; what has an end in it stays, also one that goes along with news, since whoever was
 * told that it fires must hear its end. Those that wait are only counted where the ordinals leave room for so many.
 */
async function bound(
  session: Session,
  receivers: readonly (readonly [receiver: string, nowMs: number])[],
): Promise<void> {
  await session.query(
    `UPDATE delivery o SET state = 'dead', code = 'FN_DELIVERY_QUEUE_FULL', changed_ms = (r->>1)::bigint
     FROM jsonb_array_elements($1::text::jsonb) AS r JOIN receiver_queue q ON q.receiver = r->>0
     CROSS JOIN LATERAL (
       SELECT d.ordinal FROM delivery d WHERE d.receiver = q.receiver AND d.state = 'waiting' AND q.newest - (
         SELECT f.ordinal FROM delivery f WHERE f.receiver = q.receiver AND f.state = 'waiting' ORDER BY f.ordinal LIMIT 1
       ) >= ${waitingMax} ORDER BY d.ordinal DESC OFFSET ${waitingMax} LIMIT 1) cut
     WHERE o.receiver = q.receiver AND o.state = 'waiting' AND o.reason <> 'resolved'
       AND strpos(o.document, '${endText}') = 0 AND o.ordinal <= cut.ordinal`,
    [JSON.stringify(receivers)],
  );
}

/** Deliveries, their attempts, and the circuits of receivers. */
export class DeliveryStore {
  readonly #store: ControlStore;

  constructor(store: ControlStore) {
    this.#store = store;
  }

  /** As addDeliveries, in a transaction of its own. */
  async add(deliveries: readonly NewDelivery[], actOf?: ActOf<void>): Promise<void> {
    await acted(this.#store, (session) => addDeliveries(session, deliveries), actOf);
  }

  /**
   * Receivers whose first waiting delivery is due and whose circuit is closed, with up to `each` deliveries of each; those
   * named in `busy` are left out. Who has waited longest comes first; healthy ones and those that failed last take no
   * places from each other. As `isDue` has it for a clock that was set back.
   */
  async due(nowMs: number, { busy, healthy, failing, each }: DueChoice): Promise<readonly ReceiverTurn[]> {
    const rows = await this.#store.query(
      `WITH ready AS MATERIALIZED (
         SELECT r.receiver, r.failures, r.open_until_ms, r.disabled, h.due_ms AS head_ms FROM receiver_queue r
         CROSS JOIN LATERAL (SELECT d.due_ms, d.changed_ms FROM delivery d
           WHERE d.receiver = r.receiver AND d.state = 'waiting' ORDER BY d.ordinal LIMIT 1) h
         WHERE r.disabled = '' AND (h.due_ms <= $1 OR h.changed_ms > $1::bigint + ${clockSlackMs})
           AND (r.open_until_ms <= $1 OR r.open_until_ms > $1::bigint + ${openMsMax + clockSlackMs})
           AND NOT r.receiver IN (SELECT jsonb_array_elements_text($2::text::jsonb)))
       SELECT w.*, q.failures, q.open_until_ms, q.disabled FROM (
         (SELECT * FROM ready WHERE failures = 0 ORDER BY head_ms, receiver LIMIT $3)
         UNION ALL (SELECT * FROM ready WHERE failures > 0 ORDER BY head_ms, receiver LIMIT $4)) q
       CROSS JOIN LATERAL (
         SELECT ${columns} FROM delivery d WHERE d.receiver = q.receiver AND d.state = 'waiting'
         ORDER BY d.ordinal LIMIT $5) w
       ORDER BY q.head_ms, w.receiver, w.ordinal`,
      [nowMs, JSON.stringify(busy), healthy, failing, each],
    );
    const byReceiver = Map.groupBy(rows, (row) => String(row['receiver']));
    return [...byReceiver].map(([receiver, own]) => {
      return { receiver, circuit: circuitOf(own[0]), waiting: own.map(deliveryOf) };
    });
  }

  /**
   * Writes attempts down, in their order; one that is there already (its answer was lost) changes nothing. One statement,
   * and circuits that stay as they are are not touched: whoever adds to the same queues at the same time is not disturbed.
   */
  async record(attempts: readonly AttemptRecord[]): Promise<void> {
    await this.#store.query(
      `WITH told AS MATERIALIZED (
         SELECT n, a->>'delivery' AS delivery, a->>'receiver' AS receiver, (a->>'attempt')::integer AS attempt,
           (a->>'atMs')::bigint AS at_ms, (a->>'latencyMs')::integer AS latency_ms, a->>'outcome' AS outcome,
           (a->>'status')::integer AS status, a->>'code' AS code, a->>'detail' AS detail, a->>'state' AS state,
           (a->>'dueMs')::bigint AS due_ms, (a->'circuit'->>'failures')::integer AS failures,
           (a->'circuit'->>'openUntilMs')::bigint AS open_until_ms, a->'circuit'->>'disabled' AS disabled
         FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY AS x(a, n)),
       kept AS (
         INSERT INTO delivery_attempt (delivery_id, attempt, at_ms, latency_ms, outcome, status, code, detail)
         SELECT delivery, attempt, at_ms, latency_ms, outcome, status, code, detail FROM told ORDER BY n
         ON CONFLICT DO NOTHING),
       moved AS (
         UPDATE delivery d SET state = t.state, attempts = t.attempt, due_ms = t.due_ms, code = t.code, changed_ms = t.at_ms
         FROM (SELECT DISTINCT ON (delivery) * FROM told ORDER BY delivery, attempt DESC) t
         WHERE d.id = t.delivery AND d.attempts < t.attempt AND d.state = 'waiting')
       UPDATE receiver_queue q SET failures = t.failures, open_until_ms = t.open_until_ms, disabled = t.disabled
       FROM (SELECT DISTINCT ON (receiver) * FROM told ORDER BY receiver, n DESC) t
       WHERE q.receiver = t.receiver AND q.disabled = ''
         AND (q.failures, q.open_until_ms, q.disabled) IS DISTINCT FROM (t.failures, t.open_until_ms, t.disabled)`,
      [JSON.stringify(attempts)],
    );
  }

  /** Newest first. */
  async list({ receiver, tenant, state, after, limit }: DeliveryQuery): Promise<readonly LoggedDelivery[]> {
    const rows = await this.#store.query(
      `SELECT d.*, a.at_ms, a.latency_ms, a.outcome, a.status FROM (
         SELECT ${columns} FROM delivery
         WHERE ($1::text IS NULL OR receiver = $1) AND ($2::text IS NULL OR tenant = $2) AND ($3::text IS NULL OR state = $3)
           AND ($4::bigint IS NULL OR decided_ms < $4 OR (decided_ms = $4 AND id > $5::text))
         ORDER BY decided_ms DESC, id LIMIT $6) d
       LEFT JOIN delivery_attempt a ON a.delivery_id = d.id AND a.attempt = d.attempts
       ORDER BY d.decided_ms DESC, d.id`,
      [receiver ?? null, tenant ?? null, state ?? null, after?.decidedMs ?? null, after?.id ?? null, limit],
    );
    return rows.map((row) => ({ ...deliveryOf(row), last: lastOf(row) }));
  }

  /** By name, from the one behind `after` on. */
  async receivers(after: string, limit: number): Promise<readonly ReceiverQueue[]> {
    return this.#receivers('q.receiver > $1', after, limit);
  }

  /** Undefined: nothing was ever sent to it. */
  async receiver(name: string): Promise<ReceiverQueue | undefined> {
    const [found] = await this.#receivers('q.receiver = $1', name, 1);
    return found;
  }

  async #receivers(which: string, name: string, limit: number): Promise<readonly ReceiverQueue[]> {
    const rows = await this.#store.query(
      `SELECT q.receiver, q.failures, q.open_until_ms, q.disabled, w.waiting, w.oldest_ms
       FROM (SELECT * FROM receiver_queue q WHERE ${which} ORDER BY q.receiver LIMIT $2) q
       CROSS JOIN LATERAL (
         SELECT count(*)::integer AS waiting, min(decided_ms) AS oldest_ms FROM (
           SELECT decided_ms FROM delivery d WHERE d.receiver = q.receiver AND d.state = 'waiting'
           ORDER BY d.ordinal LIMIT ${waitingCounted}) x) w
       ORDER BY q.receiver`,
      [name, limit],
    );
    return rows.map((row) => ({
      receiver: String(row['receiver']),
      circuit: circuitOf(row),
      waiting: Number(row['waiting']),
      oldestMs: row['oldest_ms'] === null ? null : Number(row['oldest_ms']),
    }));
  }

  /** Undefined: there is no such delivery. Of many attempts the last ones are given, the oldest of them first. */
  async find(id: string): Promise<{ readonly delivery: Delivery; readonly attempts: readonly Attempt[] } | undefined> {
    const [row] = await this.#store.query(`SELECT ${columns} FROM delivery WHERE id = $1`, [id]);
    if (row === undefined) return undefined;
    const attempts = await this.#store.query(
      `SELECT attempt, at_ms, latency_ms, outcome, status, code, detail FROM delivery_attempt
       WHERE delivery_id = $1 ORDER BY attempt DESC LIMIT ${attemptsShown}`,
      [id],
    );
    return { delivery: deliveryOf(row), attempts: attempts.map(attemptOf).reverse() };
  }

  /** Lets dead letters wait again, under their ids and in their order; gives how many. Their time begins anew. */
  async replay({ id, receiver, fromMs, toMs }: ReplayChoice, nowMs: number, actOf?: ActOf<number>): Promise<number> {
    const sql = `UPDATE delivery SET state = 'waiting', due_ms = $5::bigint, until_ms = $5::bigint + ${lifeMs},
         changed_ms = $5::bigint WHERE id IN (
         SELECT id FROM delivery WHERE state = 'dead' AND ($1::text IS NULL OR id = $1)
           AND ($2::text IS NULL OR receiver = $2) AND ($3::bigint IS NULL OR decided_ms >= $3)
           AND ($4::bigint IS NULL OR decided_ms < $4) ORDER BY ordinal LIMIT ${replayMax}) RETURNING 1`;
    const values = [id ?? null, receiver ?? null, fromMs ?? null, toMs ?? null, nowMs];
    return acted(this.#store, async (session) => (await session.query(sql, values)).length, actOf);
  }

  /** A receiver that was disabled is sent to again; false: there is no such receiver. */
  async enable(receiver: string, actOf?: ActOf<boolean>): Promise<boolean> {
    const sql = `UPDATE receiver_queue SET failures = 0, open_until_ms = 0, disabled = '' WHERE receiver = $1 RETURNING 1`;
    return acted(this.#store, async (session) => (await session.query(sql, [receiver])).length === 1, actOf);
  }

  /** Of a receiver that nothing was ever sent to: closed. */
  async circuit(receiver: string): Promise<Circuit> {
    const [row] = await this.#store.query(
      'SELECT failures, open_until_ms, disabled FROM receiver_queue WHERE receiver = $1',
      [receiver],
    );
    return row === undefined ? closedCircuit : circuitOf(row);
  }
}

function circuitOf(row: ControlRow | undefined): Circuit {
  return {
    failures: Number(row?.['failures']),
    openUntilMs: Number(row?.['open_until_ms']),
    disabled: String(row?.['disabled']),
  };
}

function deliveryOf(row: ControlRow): Delivery {
  const tenant = row['tenant'];
  return {
    id: String(row['id']),
    receiver: String(row['receiver']),
    ordinal: BigInt(String(row['ordinal'])),
    tenant: tenant === null ? null : String(tenant),
    reason: String(row['reason']) as NotificationReason,
    document: String(row['document']),
    decidedMs: Number(row['decided_ms']),
    state: String(row['state']) as DeliveryState,
    attempts: Number(row['attempts']),
    dueMs: Number(row['due_ms']),
    untilMs: Number(row['until_ms']),
    code: String(row['code']),
    changedMs: Number(row['changed_ms']),
  };
}

function lastOf(row: ControlRow): LoggedDelivery['last'] {
  if (row['at_ms'] === null) return null;
  const { atMs, latencyMs, outcome, status } = attemptOf(row);
  return { atMs, latencyMs, outcome, status };
}

function attemptOf(row: ControlRow): Attempt {
  const status = row['status'];
  return {
    attempt: Number(row['attempt']),
    atMs: Number(row['at_ms']),
    latencyMs: Number(row['latency_ms']),
    outcome: String(row['outcome']) as AttemptOutcome,
    status: status === null ? null : Number(status),
    code: String(row['code']),
    detail: String(row['detail']),
  };
}
