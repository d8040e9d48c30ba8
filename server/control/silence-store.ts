import type { Matcher } from '../../alerts/state/matchers.ts';
import type { Silence } from '../../alerts/state/silence.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { acted, type NewAct } from './act-log.ts';
import type { ControlRow, ControlSession, ControlStore } from './control-store.ts';

export const silenceStates = ['waiting', 'active', 'over', 'ended'] as const;
export type SilenceState = (typeof silenceStates)[number];

/** What was said when something was done, and when, unix ms. */
export interface Said {
  readonly by: string;
  readonly atMs: number;
  readonly comment: string;
}

export interface StoredSilence extends Silence {
  readonly made: Said;
  /** Ended before its time; null: it was not. */
  readonly ended: Said | null;
}

export interface SilenceQuery {
  readonly state?: SilenceState | undefined;
  readonly tenant?: string | undefined;
  /** The last one of the page before. */
  readonly after?: { readonly madeMs: number; readonly id: string } | undefined;
  /** Unix seconds: states are of this instant. */
  readonly now: number;
  readonly limit: number;
}

/** A silence that was made or ended since somebody last looked, as it is now. */
export interface PendingSilence {
  readonly ordinal: bigint;
  readonly silence: StoredSilence;
}

type Session = Pick<ControlSession, 'query'>;

const columns =
  's.id, s.tenant, s.matchers, s.starts_at, s.ends_at, s.made_by, s.made_ms, s.made_comment, s.ended_by, s.ended_ms, s.ended_comment';

export function silenceStateOf({ startsAt, endsAt, ended }: StoredSilence, now: number): SilenceState {
  if (ended !== null) return 'ended';
  if (now < startsAt) return 'waiting';
  return now < endsAt ? 'active' : 'over';
}

/** Silences: rows are added, and ended once. */
export class SilenceStore {
  readonly #store: ControlStore;

  constructor(store: ControlStore) {
    this.#store = store;
  }

  /**
   * Keeps a silence with the act that made it. FN_SILENCES_FULL: as many as are remembered are not over at `now`; one that was
   * ended is remembered until its first end.
   */
  async make(
    { id, tenant, matchers, startsAt, endsAt, made }: StoredSilence,
    act: NewAct,
    { now, most }: { readonly now: number; readonly most: number },
  ): Promise<void> {
    const work = async (session: ControlSession) => {
      const [row] = await session.query('SELECT count(*) AS n FROM silence WHERE ends_at > $1', [now]);
      if (Number(row?.['n']) >= most) {
        throw new FourninesError('FN_SILENCES_FULL', `${most} silences are not over yet: there is no room for another`);
      }
      await session.query(
        `INSERT INTO silence (id, tenant, matchers, starts_at, ends_at, made_by, made_ms, made_comment)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [id, tenant, JSON.stringify(matchers), startsAt, endsAt, made.by, made.atMs, made.comment],
      );
      await addPending(session, id);
    };
    await acted(this.#store, work, () => act);
  }

  /** Ends one before its time, with the act. FN_NOT_FOUND; FN_STATE_CONFLICT: it is over or ended already. */
  async end(id: string, ended: Said, act: NewAct): Promise<StoredSilence> {
    const work = async (session: ControlSession) => {
      const found = await find(session, id);
      if (found === undefined) throw new FourninesError('FN_NOT_FOUND', 'there is no such silence');
      const state = silenceStateOf(found, Math.floor(ended.atMs / 1_000));
      if (state === 'ended') {
        throw new FourninesError('FN_STATE_CONFLICT', `it was ended already, by ${found.ended?.by ?? ''}`);
      }
      if (state === 'over') throw new FourninesError('FN_STATE_CONFLICT', 'it is over already');
      await session.query('UPDATE silence SET ended_by = $2, ended_ms = $3, ended_comment = $4 WHERE id = $1', [
        ...[id, ended.by, ended.atMs, ended.comment],
      ]);
      await addPending(session, id);
      return { ...found, ended };
    };
    return acted(this.#store, work, () => act);
  }

  /** The one made last first. */
  async list({ state, tenant, after, now, limit }: SilenceQuery): Promise<readonly StoredSilence[]> {
    const rows = await this.#store.query(
      `SELECT ${columns} FROM silence s
       WHERE ($1::text IS NULL OR s.tenant = $1) AND ($2::bigint IS NULL OR s.made_ms < $2 OR (s.made_ms = $2 AND s.id > $3::text))
         AND ($4::text IS NULL OR $4 = CASE WHEN s.ended_ms IS NOT NULL THEN 'ended' WHEN s.starts_at > $5::bigint THEN 'waiting'
           WHEN s.ends_at > $5::bigint THEN 'active' ELSE 'over' END)
       ORDER BY s.made_ms DESC, s.id LIMIT $6`,
      [tenant ?? null, after?.madeMs ?? null, after?.id ?? null, state ?? null, now, limit],
    );
    return rows.map(silenceOf);
  }
}

/** Those that somebody who decides who is told has not looked at, in the order in which they were made or ended. */
export async function pendingSilences(session: Session, limit: number): Promise<readonly PendingSilence[]> {
  const rows = await session.query(
    `SELECT p.ordinal, ${columns} FROM silence_pending p JOIN silence s ON s.id = p.silence_id ORDER BY p.ordinal LIMIT $1`,
    [limit],
  );
  return rows.map((row) => ({ ordinal: BigInt(String(row['ordinal'])), silence: silenceOf(row) }));
}

/** They were looked at; one that was ended meanwhile has another ordinal and stays. */
export async function takePendingSilences(session: Session, ordinals: readonly bigint[]): Promise<void> {
  if (ordinals.length === 0) return;
  await session.query(
    'DELETE FROM silence_pending WHERE ordinal IN (SELECT x::bigint FROM jsonb_array_elements_text($1::text::jsonb) AS x)',
    [JSON.stringify(ordinals.map(String))],
  );
}

async function addPending(session: Session, id: string): Promise<void> {
  await session.query(
    'INSERT INTO silence_pending (silence_id) VALUES ($1) ON CONFLICT (silence_id) DO UPDATE SET ordinal = DEFAULT',
    [id],
  );
}

async function find(session: Session, id: string): Promise<StoredSilence | undefined> {
  const [row] = await session.query(`SELECT ${columns} FROM silence s WHERE s.id = $1`, [id]);
  return row === undefined ? undefined : silenceOf(row);
}

function silenceOf(row: ControlRow): StoredSilence {
  const said = (what: 'made' | 'ended'): Said => ({
    by: String(row[`${what}_by`]),
    atMs: Number(row[`${what}_ms`]),
    comment: String(row[`${what}_comment`]),
  });
  return {
    id: String(row['id']),
    tenant: row['tenant'] === null ? null : String(row['tenant']),
    matchers: JSON.parse(String(row['matchers'])) as Matcher[],
    startsAt: Number(row['starts_at']),
    endsAt: Number(row['ends_at']),
    made: said('made'),
    ended: row['ended_ms'] === null ? null : said('ended'),
  };
}
