import { acted, type Road } from './act-log.ts';
import type { ControlSession, ControlStore } from './control-store.ts';

/** What is kept of a document. */
export interface KeptDocument {
  /** With marks where the secrets stood. */
  readonly document: string;
  /** Addresses that are secrets, sealed, by receiver. */
  readonly sealed: Readonly<Record<string, string>>;
}

/** A document as it was applied. */
export interface AppliedAlerting extends KeptDocument {
  /** From 1. */
  readonly version: number;
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
    return lastOf(this.#store);
  }

  /**
   * Gives the number of the document; one that holds already is not applied again. `keep` is given what holds, and says what is
   * kept of the new one; it may be asked more than once.
   */
  async apply(
    keep: (last: AppliedAlerting | undefined) => KeptDocument,
    { by, atMs }: Pick<AppliedAlerting, 'by' | 'atMs'>,
    via: Road,
  ): Promise<number> {
    const work = async (session: ControlSession) => {
      const last = await lastOf(session);
      const before = last?.version ?? 0;
      const { document, sealed } = keep(last);
      const secrets = JSON.stringify(sealed);
      if (last?.document === document && JSON.stringify(last.sealed) === secrets)
        return { version: before, isNew: false };
      await session.query(
        'INSERT INTO alerting (version, document, sealed, applied_by, at_ms) VALUES ($1, $2, $3, $4, $5)',
        [before + 1, document, secrets, by, atMs],
      );
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

async function lastOf(session: Pick<ControlSession, 'query'>): Promise<AppliedAlerting | undefined> {
  const [row] = await session.query(
    'SELECT version, document, sealed, applied_by, at_ms FROM alerting ORDER BY version DESC LIMIT 1',
  );
  if (row === undefined) return undefined;
  return {
    version: Number(row['version']),
    document: String(row['document']),
    sealed: JSON.parse(String(row['sealed'])) as Readonly<Record<string, string>>,
    by: String(row['applied_by']),
    atMs: Number(row['at_ms']),
  };
}
