import { FourninesError } from '../../core/runtime/error.ts';
import type { BreachState } from '../breach/breach.ts';
import { type ChangeRow, firstBreak, type HashedRow } from '../breach/change-row.ts';
import { parseInstant } from '../slo/instant.ts';
import { acted, type NewAct } from './act-log.ts';
import { addPending } from './alert-store.ts';
import type { ControlRow, ControlSession, ControlStore } from './control-store.ts';

/** A change on its way into the store, with the packed bundle that it rests on. */
export interface NewChange extends HashedRow {
  readonly bundle: Buffer | undefined;
}

export interface BreachQuery {
  readonly slo?: string | undefined;
  readonly state?: BreachState | undefined;
  readonly tenant?: string | undefined;
  /** True: only those that go on; false: only those that do not. */
  readonly open?: boolean | undefined;
  /** The last one of the page before. */
  readonly after?: { readonly openedAt: number; readonly id: string } | undefined;
  readonly limit: number;
}

export interface FoundBreach {
  /** The last changes, oldest first. */
  readonly changes: readonly HashedRow[];
  /** Number of the first change that does not follow the one before it; undefined: the chain holds. */
  readonly brokenAt: number | undefined;
}

/** Base64 of this many bytes is a row: a backup has 500 of them in memory at once. */
const partBytes = 48 << 10;
const partsAnInsert = 16;
const changesAPage = 200;
const changesMax = 1_000;
const loadedMax = 1_000;
const writeDeadlineMs = 30_000;

/** Breaches and their changes: rows are added, and nothing else. */
export class BreachStore {
  readonly #store: ControlStore;

  constructor(store: ControlStore) {
    this.#store = store;
  }

  /**
   * The last change of each breach of an objective that goes on, and of the newest breach of each subject and window that
   * ended at `since` or later. That is all a machine needs to go on.
   */
  async load(slo: string, since: number): Promise<readonly HashedRow[]> {
    const rows = await this.#store.query(
      `SELECT c.document, c.sha256 FROM breach b JOIN breach_change c ON c.breach_id = b.id AND c.entry = b.entry
       WHERE b.slo = $1 AND (b.state IN ('risk', 'open') OR b.id IN (
         SELECT DISTINCT ON (l.slo_version, l.window_from, l.subject) l.id FROM breach l
         WHERE l.slo = $1 AND l.window_to >= $2 ORDER BY l.slo_version, l.window_from, l.subject, l.ordinal DESC))
       ORDER BY b.opened_at, b.id LIMIT ${loadedMax}`,
      [slo, since],
    );
    return rows.map(hashedOf);
  }

  /** Burns of an objective whose time touches [from, to) and that were not for nothing, as their last change left them. */
  async burns(slo: string, span: { readonly from: number; readonly to: number }): Promise<readonly HashedRow[]> {
    const rows = await this.#store.query(
      `SELECT c.document, c.sha256 FROM breach b JOIN breach_change c ON c.breach_id = b.id AND c.entry = b.entry
       WHERE b.slo = $1 AND b.subject = 'burn' AND b.state IN ('resolved', 'retracted')
         AND b.opened_at < $3 AND b.changed_at >= $2
       ORDER BY b.opened_at DESC, b.id LIMIT ${loadedMax}`,
      [slo, span.from, span.to],
    );
    return rows.map(hashedOf);
  }

  /**
   * Adds changes with their bundles, all or none. One that is there already, byte by byte, is left as it is: whoever lost
   * the answer asks again. FN_LEASE_LOST: another server has written something else in its place. `act`: what a person did.
   */
  async append(changes: readonly NewChange[], act?: NewAct): Promise<void> {
    const work = async (session: ControlSession) => {
      for (const change of changes) await appendOne(session, change);
    };
    await acted(this.#store, work, act && (() => act), { deadlineMs: writeDeadlineMs });
  }

  /** Last changes, by when their breach was opened, newest first. */
  async list({ slo, state, tenant, open, after, limit }: BreachQuery): Promise<readonly HashedRow[]> {
    const rows = await this.#store.query(
      `SELECT c.document, c.sha256 FROM breach b JOIN breach_change c ON c.breach_id = b.id AND c.entry = b.entry
       WHERE ($1::text IS NULL OR b.slo = $1) AND ($2::text IS NULL OR b.state = $2)
         AND ($3::text IS NULL OR b.tenant = $3) AND ($4::boolean IS NULL OR (b.state IN ('risk', 'open')) = $4)
         AND ($5::bigint IS NULL OR b.opened_at < $5 OR (b.opened_at = $5 AND b.id > $6::text))
       ORDER BY b.opened_at DESC, b.id LIMIT $7`,
      [slo ?? null, state ?? null, tenant ?? null, open ?? null, after?.openedAt ?? null, after?.id ?? null, limit],
    );
    return rows.map(hashedOf);
  }

  /** The last change; undefined: there is no such breach. */
  async last(id: string): Promise<HashedRow | undefined> {
    const [row] = await this.#store.query(
      `SELECT c.document, c.sha256 FROM breach b JOIN breach_change c ON c.breach_id = b.id AND c.entry = b.entry
       WHERE b.id = $1`,
      [id],
    );
    return row === undefined ? undefined : hashedOf(row);
  }

  /** All changes are followed from the first one on; of a very long story only the last ones are given. */
  async find(id: string): Promise<FoundBreach | undefined> {
    const [head] = await this.#store.query('SELECT entry, sha256 FROM breach WHERE id = $1', [id]);
    if (head === undefined) return undefined;
    // What is written while this reads belongs to a later answer: the head that was read stands for this one.
    const last = Number(head['entry']);
    let changes: HashedRow[] = [];
    let brokenAt: number | undefined;
    let entry = 0;
    let previous: string | null = null;
    for (;;) {
      const rows = await this.#store.query(
        `SELECT entry, document, sha256 FROM breach_change WHERE breach_id = $1 AND entry > $2 AND entry <= $3
         ORDER BY entry LIMIT ${changesAPage}`,
        [id, entry, last],
      );
      const page = rows.map(hashedOf);
      brokenAt ??= firstBreak(page, { entry, previous });
      changes = [...changes, ...page].slice(-changesMax);
      entry = Number(rows.at(-1)?.['entry'] ?? entry);
      previous = page.at(-1)?.sha256 ?? previous;
      if (rows.length < changesAPage) break;
    }
    if (changes.at(-1)?.sha256 !== head['sha256']) brokenAt ??= entry + 1;
    return { changes, brokenAt };
  }

  /** The packed bundle of a change; undefined: it has none, or there is no such change. */
  async bundle(id: string, entry: number): Promise<Buffer | undefined> {
    const rows = await this.#store.query(
      'SELECT packed FROM breach_bundle WHERE breach_id = $1 AND entry = $2 ORDER BY part LIMIT 1000',
      [id, entry],
    );
    if (rows.length === 0) return undefined;
    return Buffer.concat(rows.map(({ packed }) => Buffer.from(String(packed), 'base64')));
  }
}

function hashedOf(row: ControlRow): HashedRow {
  const text = String(row['document']);
  return { row: JSON.parse(text) as ChangeRow, text, sha256: String(row['sha256']) };
}

async function appendOne(session: ControlSession, change: NewChange): Promise<void> {
  const { row, text, sha256, bundle } = change;
  const [there] = await session.query('SELECT sha256 FROM breach_change WHERE breach_id = $1 AND entry = $2', [
    row.breach,
    row.entry,
  ]);
  if (there?.['sha256'] === sha256) return;
  if (there !== undefined || !(await moveHead(session, change))) {
    throw new FourninesError(
      'FN_LEASE_LOST',
      `change ${row.entry} of breach ${row.breach} was written by another server`,
      {
        context: { breach: row.breach, entry: row.entry },
      },
    );
  }
  await session.query('INSERT INTO breach_change (breach_id, entry, document, sha256) VALUES ($1, $2, $3, $4)', [
    ...[row.breach, row.entry, text, sha256],
  ]);
  if (bundle !== undefined) await insertBundle(session, row, bundle);
  await addPending(session, row.breach, row.entry);
}

/** False: the last change is not the one that this one follows. */
async function moveHead(session: ControlSession, { row, sha256 }: HashedRow): Promise<boolean> {
  const at = secondOf(row.at);
  if (row.entry === 1) {
    const { breach, slo, service, tenant, subject, ordinal, record, state } = row;
    const { window, openedAt } = record;
    const opened = await session.query(
      `INSERT INTO breach (id, slo, slo_version, service, tenant, subject, ordinal, window_from, window_to,
         opened_at, changed_at, entry, state, sha256)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $13) ON CONFLICT DO NOTHING RETURNING 1`,
      [
        ...[breach, slo.name, slo.version, service, tenant, subject, ordinal, window.from, window.to],
        ...[openedAt, at, state, sha256],
      ],
    );
    return opened.length === 1;
  }
  const moved = await session.query(
    `UPDATE breach SET entry = $2, state = $3, sha256 = $4, changed_at = $5
     WHERE id = $1 AND entry = $2 - 1 AND sha256 = $6 RETURNING 1`,
    [row.breach, row.entry, row.state, sha256, at, row.previous],
  );
  return moved.length === 1;
}

async function insertBundle(session: ControlSession, { breach, entry }: ChangeRow, bundle: Buffer): Promise<void> {
  const parts: string[] = [];
  for (let from = 0; from < bundle.length; from += partBytes) {
    parts.push(bundle.subarray(from, from + partBytes).toString('base64'));
  }
  for (let first = 0; first < parts.length; first += partsAnInsert) {
    await session.query(
      `INSERT INTO breach_bundle (breach_id, entry, part, packed)
       SELECT $1, $2, $3 + x.n, x.packed FROM jsonb_array_elements_text($4::text::jsonb) WITH ORDINALITY AS x(packed, n)`,
      [breach, entry, first, JSON.stringify(parts.slice(first, first + partsAnInsert))],
    );
  }
}

function secondOf(instant: string): number {
  return parseInstant(instant)?.second ?? 0;
}
