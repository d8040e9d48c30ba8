import { assert } from '../../core/runtime/error.ts';
import type { ControlStore } from './control-store.ts';

/** What says that `holder` owns `name` since its `epoch`; no other owner ever has the same epoch. */
export interface Grant {
  readonly name: string;
  readonly holder: string;
  readonly epoch: bigint;
}

/**
 * Ownership with an end: whoever does not renew in time loses it to the next who asks. Times are the database's, so the
 * clocks of servers do not matter. A lost lease is not known to its owner at once: what must not be done by two is
 * guarded by the epoch, in the transaction that does it.
 */
export class Leases {
  readonly #store: ControlStore;
  readonly #ttlMs: number;

  constructor(store: ControlStore, ttlMs: number) {
    assert(ttlMs > 0, 'a lease lasts for a while');
    this.#store = store;
    this.#ttlMs = ttlMs;
  }

  /** Undefined: somebody else has it. Asked again by its holder, it is a new grant with a new epoch. */
  async acquire(name: string, holder: string): Promise<Grant | undefined> {
    const [row] = await this.#store.query(
      `INSERT INTO lease AS held (name, holder, epoch, expires_at)
       VALUES ($1, $2, 1, clock_timestamp() + $3::bigint * interval '1 millisecond')
       ON CONFLICT (name) DO UPDATE SET holder = $2, epoch = held.epoch + 1,
         expires_at = clock_timestamp() + $3::bigint * interval '1 millisecond'
         WHERE held.expires_at <= clock_timestamp() OR held.holder = $2
       RETURNING epoch`,
      [name, holder, this.#ttlMs],
    );
    return row === undefined ? undefined : { name, holder, epoch: row['epoch'] as bigint };
  }

  /** False: somebody else has taken it since. One that ran out and that nobody took goes on. */
  async renew({ name, holder, epoch }: Grant): Promise<boolean> {
    const rows = await this.#store.query(
      `UPDATE lease SET expires_at = clock_timestamp() + $4::bigint * interval '1 millisecond'
       WHERE name = $1 AND holder = $2 AND epoch = $3 RETURNING 1`,
      [name, holder, epoch, this.#ttlMs],
    );
    return rows.length === 1;
  }

  /** Gives it up at once; of a lease that another one has by now, nothing. */
  async release({ name, holder, epoch }: Grant): Promise<void> {
    await this.#store.query(
      `UPDATE lease SET expires_at = '-infinity' WHERE name = $1 AND holder = $2 AND epoch = $3`,
      [name, holder, epoch],
    );
  }

  /** Live holders of leases whose name begins with `prefix`, sorted. */
  async holders(prefix: string): Promise<readonly string[]> {
    const rows = await this.#store.query(
      'SELECT DISTINCT holder FROM lease WHERE starts_with(name, $1) AND expires_at > clock_timestamp() ORDER BY holder',
      [prefix],
    );
    return rows.map(({ holder }) => String(holder));
  }

  /** Forgets every owner; epochs stay. For a store that only this process can have: whoever is named in it is dead. */
  async releaseAll(): Promise<void> {
    await this.#store.query(`UPDATE lease SET expires_at = '-infinity'`);
  }

  /** Removes leases of servers long gone; a lease that guards a block stays for its epoch. */
  async forget(prefix: string): Promise<void> {
    await this.#store.query(
      `DELETE FROM lease WHERE starts_with(name, $1) AND expires_at < clock_timestamp() - interval '1 day'`,
      [prefix],
    );
  }
}
