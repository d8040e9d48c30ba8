import { FourninesError } from '../../core/runtime/error.ts';
import { acted, type NewAct, type Road } from './act-log.ts';
import type { ControlRow, ControlSession, ControlStore } from './control-store.ts';

export interface BreachComment {
  readonly id: bigint;
  readonly atMs: number;
  readonly by: string;
  readonly via: Road;
  readonly comment: string;
}

/** Of one breach; what is said beyond is refused. */
const commentsMax = 1_000;

/** What people say about breaches: rows are added, and nothing else. */
export class BreachComments {
  readonly #store: ControlStore;

  constructor(store: ControlStore) {
    this.#store = store;
  }

  /** Keeps what was said, as the act itself has it. FN_NOT_FOUND: no such breach; FN_STATE_CONFLICT: there are too many. */
  async add(breach: string, act: NewAct): Promise<BreachComment> {
    const work = async (session: ControlSession) => {
      const [found] = await session.query(
        'SELECT (SELECT count(*) FROM breach_comment WHERE breach_id = b.id) AS n FROM breach b WHERE b.id = $1',
        [breach],
      );
      if (found === undefined) throw new FourninesError('FN_NOT_FOUND', 'there is no such breach');
      if (Number(found['n']) >= commentsMax)
        throw new FourninesError('FN_STATE_CONFLICT', `it has ${commentsMax} comments already`);
      const [row] = await session.query(
        `INSERT INTO breach_comment (breach_id, at_ms, said_by, via, comment) VALUES ($1, $2, $3, $4, $5)
         RETURNING ordinal, at_ms, said_by, via, comment`,
        [breach, act.atMs, act.by, act.via, act.comment],
      );
      return commentOf(row ?? {});
    };
    return acted(this.#store, work, () => act);
  }

  /** The first one first. */
  async list(breach: string): Promise<readonly BreachComment[]> {
    const rows = await this.#store.query(
      `SELECT ordinal, at_ms, said_by, via, comment FROM breach_comment WHERE breach_id = $1
       ORDER BY ordinal LIMIT ${commentsMax}`,
      [breach],
    );
    return rows.map(commentOf);
  }
}

function commentOf(row: ControlRow): BreachComment {
  return {
    id: BigInt(String(row['ordinal'])),
    atMs: Number(row['at_ms']),
    by: String(row['said_by']),
    via: String(row['via']) as Road,
    comment: String(row['comment']),
  };
}
