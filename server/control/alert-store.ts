import { type RowChanges, type StateRow, stateOf } from '../../alerts/state/rows.ts';
import type { State } from '../../alerts/state/state.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import type { ChangeRow } from '../breach/change-row.ts';
import type { ControlSession, ControlStore } from './control-store.ts';
import { addDeliveries, type NewDelivery } from './delivery-store.ts';
import { type PendingSilence, pendingSilences, takePendingSilences } from './silence-store.ts';

type Session = Pick<ControlSession, 'query'>;

/** A change of a breach that nobody was told of yet. */
export interface PendingChange {
  readonly ordinal: bigint;
  readonly row: ChangeRow;
  /** The change before it; undefined: it is the first of its breach. */
  readonly previous: ChangeRow | undefined;
}

export interface KeptState {
  readonly state: State;
  /** Counts the steps that were kept; 0: none was. */
  readonly serial: bigint;
}

export interface KeptStep {
  /** Of the state that the step began with. */
  readonly serial: bigint;
  readonly changes: RowChanges;
  readonly deliveries: readonly NewDelivery[];
  /** Of the changes that are in it. */
  readonly taken: readonly bigint[];
  /** Of the silences that are in it. */
  readonly takenSilences: readonly bigint[];
}

const rowsAPage = 5_000;

/** Marks a change as one that somebody may have to be told of; belongs into the transaction that writes it. */
export async function addPending(session: Session, breach: string, entry: number): Promise<void> {
  await session.query('INSERT INTO alert_pending (breach_id, entry) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    breach,
    entry,
  ]);
}

/** What is remembered of alerts, and what still has to be looked at. */
export class AlertStore {
  readonly #store: ControlStore;

  constructor(store: ControlStore) {
    this.#store = store;
  }

  /** All of it, as one step left it: read page by page within one transaction. */
  async load(): Promise<KeptState> {
    return this.#store.transaction(async (session) => {
      const rows: StateRow[] = [];
      let serial = 0n;
      let after = { kind: '', key: '' };
      for (;;) {
        const page = await session.query(
          `SELECT kind, key, document, serial FROM alert_state WHERE (kind, key) > ($1, $2)
           ORDER BY kind, key LIMIT ${rowsAPage}`,
          [after.kind, after.key],
        );
        for (const row of page) {
          const [kind, key] = [String(row['kind']), String(row['key'])];
          if (kind === 'head') serial = BigInt(String(row['serial']));
          rows.push({ kind, key, value: JSON.parse(String(row['document'])) } as StateRow);
          after = { kind, key };
        }
        if (page.length < rowsAPage) return { state: stateOf(rows), serial };
      }
    });
  }

  /** The oldest first, behind one that is known; of one breach in the order of its changes. */
  async pending(after: bigint, limit: number): Promise<readonly PendingChange[]> {
    const rows = await this.#store.query(
      `SELECT p.ordinal, c.document, b.document AS previous FROM alert_pending p
       JOIN breach_change c ON c.breach_id = p.breach_id AND c.entry = p.entry
       LEFT JOIN breach_change b ON b.breach_id = p.breach_id AND b.entry = p.entry - 1
       WHERE p.ordinal > $1 ORDER BY p.ordinal LIMIT $2`,
      [after, limit],
    );
    return rows.map((row) => ({
      ordinal: BigInt(String(row['ordinal'])),
      row: JSON.parse(String(row['document'])) as ChangeRow,
      previous: row['previous'] === null ? undefined : (JSON.parse(String(row['previous'])) as ChangeRow),
    }));
  }

  /** Silences that were made or ended, in that order. */
  pendingSilences(limit: number): Promise<readonly PendingSilence[]> {
    return pendingSilences(this.#store, limit);
  }

  /**
   * Keeps a step: what is remembered now, what goes to receivers, and that its changes and silences were looked at; all or
   * nothing.
   * FN_LEASE_LOST: another server has stepped since, or the answer to an earlier try was lost.
   */
  async keep({ serial, changes, deliveries, taken, takenSilences }: KeptStep): Promise<void> {
    const puts = JSON.stringify(changes.puts.map(({ kind, key, value }) => [kind, key, JSON.stringify(value)]));
    const deletes = JSON.stringify(changes.deletes.map(({ kind, key }) => [kind, key]));
    await this.#store.transaction(async (session) => {
      const [head] = await session.query("SELECT serial FROM alert_state WHERE kind = 'head'");
      if (BigInt(String(head?.['serial'] ?? 0)) !== serial) {
        throw new FourninesError('FN_LEASE_LOST', 'another server has taken a step with alerts');
      }
      await session.query(
        `INSERT INTO alert_state (kind, key, document, serial)
         SELECT x->>0, x->>1, x->>2, $2 FROM jsonb_array_elements($1::text::jsonb) AS x
         ON CONFLICT (kind, key) DO UPDATE SET document = excluded.document, serial = excluded.serial`,
        [puts, serial + 1n],
      );
      await session.query(
        `DELETE FROM alert_state WHERE (kind, key) IN (SELECT x->>0, x->>1 FROM jsonb_array_elements($1::text::jsonb) AS x)`,
        [deletes],
      );
      await addDeliveries(session, deliveries);
      await session.query(
        'DELETE FROM alert_pending WHERE ordinal IN (SELECT x::bigint FROM jsonb_array_elements_text($1::text::jsonb) AS x)',
        [JSON.stringify(taken.map(String))],
      );
      await takePendingSilences(session, takenSilences);
    });
  }
}
