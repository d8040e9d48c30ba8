import { type AlertRecord, emptyState, type State } from '../../alerts/state/state.ts';
import type { ControlRow, ControlStore } from './control-store.ts';

export type StateHead = Omit<State, 'alerts' | 'lines'>;

export interface RecordQuery {
  /** Only alerts of this tenant; null: all. */
  readonly tenant: string | null;
  /** Fingerprint of the last one of the page before; empty: from the first. */
  readonly after: string;
  readonly limit: number;
}

/** An alert may be hidden by one of so many; what is beyond is not named. */
const hidingMax = 1_000;

/** What is remembered of alerts, to be looked at: nothing is changed here. */
export class AlertRecords {
  readonly #store: ControlStore;

  constructor(store: ControlStore) {
    this.#store = store;
  }

  /** Clock, silences and configuration, as the last step left them. */
  async head(): Promise<StateHead> {
    const [row] = await this.#store.query("SELECT document FROM alert_state WHERE kind = 'head'");
    if (row === undefined) return emptyState;
    return JSON.parse(String(row['document'])) as StateHead;
  }

  /** By fingerprint. */
  async list({ tenant, after, limit }: RecordQuery): Promise<readonly AlertRecord[]> {
    const rows = await this.#store.query(
      `SELECT document FROM alert_state WHERE kind = 'alert' AND key > $1
         AND ($2::text IS NULL OR document::jsonb #>> '{alert,labels,tenant}' = $2) ORDER BY key LIMIT $3`,
      [after, tenant, limit],
    );
    return rows.map(recordOf);
  }

  /** Alerts that hide whatever has one of these keys while they fire. */
  async hiding(keys: readonly string[]): Promise<readonly AlertRecord[]> {
    if (keys.length === 0) return [];
    const rows = await this.#store.query(
      `SELECT document FROM alert_state WHERE kind = 'alert' AND EXISTS (
         SELECT FROM jsonb_array_elements_text(document::jsonb -> 'hides') AS h
         WHERE h IN (SELECT jsonb_array_elements_text($1::text::jsonb))) ORDER BY key LIMIT ${hidingMax}`,
      [JSON.stringify(keys)],
    );
    return rows.map(recordOf);
  }
}

function recordOf(row: ControlRow): AlertRecord {
  return JSON.parse(String(row['document'])) as AlertRecord;
}
