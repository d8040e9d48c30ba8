import type { Alert } from '../../alerts/alert.ts';
import { ongoingFor } from '../../alerts/state/ongoing.ts';
import { type AlertRecord, emptyState, type State } from '../../alerts/state/state.ts';
import type { ControlStore } from './control-store.ts';

export interface OngoingPage {
  readonly alerts: readonly Alert[];
  /** What the next page begins behind; null: this was the last. */
  readonly next: string | null;
}

/** What goes on, read from what is remembered of alerts, for those who are told it again and again. */
export class OngoingStore {
  readonly #store: Pick<ControlStore, 'query'>;

  constructor(store: Pick<ControlStore, 'query'>) {
    this.#store = store;
  }

  /** What goes on for a receiver, by fingerprint, behind one that is known (empty: from the beginning). */
  async page(
    receiver: string,
    { after, limit, nowMs }: { readonly after: string; readonly limit: number; readonly nowMs: number },
  ): Promise<OngoingPage> {
    // Rows that speak of the receiver at all; what they say of it is read below. The clock of the same instant stands before them.
    const rows = await this.#store.query(
      `(SELECT kind, key, document FROM alert_state WHERE kind = 'head')
       UNION ALL
       (SELECT kind, key, document FROM alert_state
        WHERE kind = 'alert' AND key > $1 AND strpos(document, $2) > 0 ORDER BY key LIMIT $3)`,
      [after, `"receiver":${JSON.stringify(receiver)}`, limit],
    );
    const read = <T>(row: (typeof rows)[number]) => JSON.parse(String(row['document'])) as T;
    const head = rows.find(({ kind }) => kind === 'head');
    const clock = head === undefined ? emptyState.clock : read<Pick<State, 'clock'>>(head).clock;
    const now = Math.floor(nowMs / 1_000);
    const found = rows
      .filter(({ kind }) => kind === 'alert')
      .sort((a, b) => (String(a['key']) < String(b['key']) ? -1 : 1));
    return {
      alerts: found.flatMap((row) => ongoingFor(read<AlertRecord>(row), receiver, { clock, now }) ?? []),
      next: found.length < limit ? null : String(found.at(-1)?.['key']),
    };
  }
}
