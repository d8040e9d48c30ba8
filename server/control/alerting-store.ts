import { acted, type Road } from './act-log.ts';
import type { ControlSession, ControlStore } from './control-store.ts';

/** A document as it was applied. */
export interface AppliedAlerting {
  /** From 1. */
  readonly version: number;
  readonly document: string;
  readonly by: string;
  readonly atMs: number;
}

/** A signing key of a receiver, sealed. */
export interface ReceiverKey {
  readonly receiver: string;
  /** Names the key and gives nothing of it away. */
  readonly id: string;
  readonly sealed: string;
  readonly madeBy: string;
  readonly madeMs: number;
  /** null: nobody has said. */
  readonly untilMs: number | null;
}

const keysMax = 10_000;

/** Who is told of what: documents, and keys of receivers. */
export class AlertingStore {
  readonly #store: ControlStore;

  constructor(store: ControlStore) {
    this.#store = store;
  }

  /** Undefined: nothing was ever applied. */
  async last(): Promise<AppliedAlerting | undefined> {
    const [row] = await this.#store.query(
      'SELECT version, document, applied_by, at_ms FROM alerting ORDER BY version DESC LIMIT 1',
    );
    if (row === undefined) return undefined;
    return {
      version: Number(row['version']),
      document: String(row['document']),
      by: String(row['applied_by']),
      atMs: Number(row['at_ms']),
    };
  }

  /** Gives the number of the document; one that holds already is not applied again. */
  async apply({ document, by, atMs }: Omit<AppliedAlerting, 'version'>, via: Road): Promise<number> {
    const work = async (session: ControlSession) => {
      const [last] = await session.query('SELECT version, document FROM alerting ORDER BY version DESC LIMIT 1');
      const before = Number(last?.['version'] ?? 0);
      if (last?.['document'] === document) return { version: before, isNew: false };
      await session.query('INSERT INTO alerting (version, document, applied_by, at_ms) VALUES ($1, $2, $3, $4)', [
        ...[before + 1, document, by, atMs],
      ]);
      return { version: before + 1, isNew: true };
    };
    const act = { atMs, by, via, act: 'alerting.applied', subject: 'alerting', comment: '' } as const;
    // The address of a receiver may be as good as a secret: what the document says stays where it is.
    const { version } = await acted(this.#store, work, (done) =>
      done.isNew ? { ...act, details: { version: done.version } } : undefined,
    );
    return version;
  }

  /** Those that sign now, or will not end before. */
  async keys(nowMs: number): Promise<readonly ReceiverKey[]> {
    const rows = await this.#store.query(
      `SELECT receiver, id, sealed, made_by, made_ms, until_ms FROM receiver_key
       WHERE until_ms IS NULL OR until_ms > $1 ORDER BY receiver, made_ms DESC, id LIMIT ${keysMax}`,
      [nowMs],
    );
    return rows.map((row) => ({
      receiver: String(row['receiver']),
      id: String(row['id']),
      sealed: String(row['sealed']),
      madeBy: String(row['made_by']),
      madeMs: Number(row['made_ms']),
      untilMs: row['until_ms'] === null ? null : Number(row['until_ms']),
    }));
  }

  /** Adds a key; those that sign already do so until `overlapUntilMs`, unless they end sooner. */
  async addKey(key: ReceiverKey, overlapUntilMs: number, via: Road): Promise<void> {
    const work = async (session: ControlSession) => {
      await session.query(
        `UPDATE receiver_key SET until_ms = $2 WHERE receiver = $1 AND (until_ms IS NULL OR until_ms > $2)`,
        [key.receiver, overlapUntilMs],
      );
      await session.query(
        'INSERT INTO receiver_key (receiver, id, sealed, made_by, made_ms, until_ms) VALUES ($1, $2, $3, $4, $5, $6)',
        [key.receiver, key.id, key.sealed, key.madeBy, key.madeMs, key.untilMs],
      );
    };
    const by = { atMs: key.madeMs, by: key.madeBy, via, comment: '' };
    const act = { ...by, act: 'receiver.key.made', subject: key.receiver, details: { key: key.id } } as const;
    await acted(this.#store, work, () => act);
  }
}
