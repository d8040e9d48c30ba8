import { FourninesError } from '../../core/runtime/error.ts';
import type { ErrorCode } from '../../core/runtime/error-catalogue.ts';
import type { ControlCall, ControlRow, ControlSession, ControlStore } from './control-store.ts';
import type { Grant } from './leases.ts';
import { readSpeakers, type Speaker, type Speakers, writeSpeakers } from './speakers.ts';

/** One table's share of a block. */
export interface TableCut {
  readonly table: string;
  /** Of the kind's schema, hexadecimal. */
  readonly fingerprint: string;
  readonly rows: number;
  readonly token: string;
}

/** An event of ingest itself, stored with the block. */
export interface ToldEvent {
  readonly host: string;
  readonly atMs: number;
  readonly event: string;
  readonly detail: Readonly<Record<string, string | number>>;
}

/** A run of messages that the store refused as a whole and for good; it is never tried whole again. */
export interface RefusedRun {
  readonly run: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What is decided about a block, once. */
export interface BlockDecision {
  /** Offsets that go into no table, by reason: '4-9,12'. */
  readonly leftOut: Readonly<Record<string, string>>;
  readonly tables: readonly TableCut[];
  readonly told: readonly ToldEvent[];
}

export interface BlockRange {
  readonly first: bigint;
  readonly last: bigint;
  readonly records: number;
}

export interface RecordedBlock extends BlockRange, BlockDecision {
  readonly state: 'cut' | 'done' | 'lost';
  readonly refused: readonly RefusedRun[];
}

export interface CutRequest extends BlockRange {
  readonly speakers: readonly Speaker[];
  /** Has no effect but its answer: it may be asked more than once. */
  readonly decide: (known: Speakers) => BlockDecision & { readonly changed: Speakers };
}

const columns =
  'first_offset, last_offset, records, state, left_out::text AS left_out, tables::text AS tables, ' +
  'told::text AS told, refused::text AS refused';

/** The blocks of one partition of one log, as the control store knows them. */
export class BlockLedger {
  readonly #store: ControlStore;
  readonly #topic: string;
  readonly #partition: number;

  constructor(store: ControlStore, topic: string, partition: number) {
    this.#store = store;
    this.#topic = topic;
    this.#partition = partition;
  }

  /** First offset that is in no block; undefined: there is no block yet. */
  async position(call?: ControlCall): Promise<bigint | undefined> {
    const [row] = await this.#store.query(
      'SELECT max(last_offset) AS last FROM ingest_block WHERE topic = $1 AND partition = $2',
      this.#key(),
      call,
    );
    const last = row?.['last'];
    return typeof last === 'bigint' ? last + 1n : undefined;
  }

  /** Blocks that were cut and are not known to be stored, oldest first. */
  async undone(call?: ControlCall): Promise<readonly RecordedBlock[]> {
    const rows = await this.#store.query(
      `SELECT ${columns} FROM ingest_block WHERE topic = $1 AND partition = $2 AND state = 'cut' ORDER BY first_offset`,
      this.#key(),
      call,
    );
    return rows.map(blockOf);
  }

  /**
   * Decides about a block and records it, in one transaction, before any of it is sent. The same block asked for again
   * (the first answer was lost) gives what was decided then. FN_LEASE_LOST: somebody else owns the partition.
   */
  async cut(grant: Grant, request: CutRequest, call?: ControlCall): Promise<RecordedBlock> {
    return this.#store.transaction(async (session) => {
      await checkGrant(session, grant);
      const before = await this.#find(session, request.first);
      if (before !== undefined) return before;
      const known = await readSpeakers(session, request.speakers);
      const { changed, ...decision } = request.decide(known);
      await writeSpeakers(session, changed);
      const { first, last, records } = request;
      const block: RecordedBlock = { first, last, records, ...decision, state: 'cut', refused: [] };
      await this.#insert(session, grant, block);
      return block;
    }, call);
  }

  /** Records that no reader will see these offsets any more. */
  async lose(grant: Grant, range: BlockRange, call?: ControlCall): Promise<void> {
    await this.#store.transaction(async (session) => {
      await checkGrant(session, grant);
      if ((await this.#find(session, range.first)) !== undefined) return;
      const nothing = { leftOut: {}, tables: [], told: [], refused: [] };
      await this.#insert(session, grant, { ...range, ...nothing, state: 'lost' });
    }, call);
  }

  /** From now on the run is tried in halves, by whoever owns the block. */
  async refuse(grant: Grant, first: bigint, run: RefusedRun, call?: ControlCall): Promise<void> {
    await this.#store.transaction(async (session) => {
      await checkGrant(session, grant);
      await session.query(
        `UPDATE ingest_block SET refused = refused || $4::text::jsonb
         WHERE topic = $1 AND partition = $2 AND first_offset = $3 AND NOT refused @> $4::text::jsonb`,
        [...this.#key(), first, JSON.stringify([run])],
      );
    }, call);
  }

  /** All of the block is stored (or what is left of it is lost); no owner is asked, since it is true for everybody. */
  async settle(first: bigint, state: 'done' | 'lost', call?: ControlCall): Promise<void> {
    await this.#store.query(
      `UPDATE ingest_block SET state = $4, done_at = clock_timestamp()
       WHERE topic = $1 AND partition = $2 AND first_offset = $3 AND state = 'cut'`,
      [...this.#key(), first, state],
      call,
    );
  }

  async #find(session: ControlSession, first: bigint): Promise<RecordedBlock | undefined> {
    const rows = await session.query(
      `SELECT ${columns} FROM ingest_block WHERE topic = $1 AND partition = $2 AND last_offset >= $3`,
      [...this.#key(), first],
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const block = blockOf(row);
    if (rows.length === 1 && block.first === first) return block;
    throw new FourninesError('FN_LEASE_LOST', 'another server has cut blocks of this partition', {
      context: { topic: this.#topic, partition: this.#partition, first: String(first) },
    });
  }

  async #insert(session: ControlSession, { epoch, holder }: Grant, block: RecordedBlock): Promise<void> {
    await session.query(
      `INSERT INTO ingest_block (topic, partition, first_offset, last_offset, records, state, epoch, holder,
         left_out, tables, told, done_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb, $10::text::jsonb, $11::text::jsonb,
         CASE WHEN $6 = 'cut' THEN NULL ELSE clock_timestamp() END)`,
      [
        ...this.#key(),
        ...[block.first, block.last, block.records, block.state, epoch, holder],
        ...[block.leftOut, block.tables, block.told].map((part) => JSON.stringify(part)),
      ],
    );
  }

  #key(): [string, number] {
    return [this.#topic, this.#partition];
  }
}

/** What ingest needs of it. */
export type Ledger = Pick<BlockLedger, 'position' | 'undone' | 'cut' | 'lose' | 'refuse' | 'settle'>;

/** Logs whose name begins with `prefix` and that have blocks which were cut and never settled. */
export async function unsettledLogs(
  store: ControlStore,
  prefix: string,
  call?: ControlCall,
): Promise<readonly { readonly topic: string; readonly partition: number }[]> {
  const rows = await store.query(
    `SELECT DISTINCT topic, partition FROM ingest_block WHERE state = 'cut' AND starts_with(topic, $1)`,
    [prefix],
    call,
  );
  return rows.map(({ topic, partition }) => ({ topic: String(topic), partition: Number(partition) }));
}

/** Removes what was settled more than `days` ago; the newest block of each partition stays, since it says where to read on. */
export async function pruneBlocks(store: ControlStore, days: number): Promise<void> {
  await store.query(
    `DELETE FROM ingest_block b WHERE done_at < clock_timestamp() - $1::integer * interval '1 day'
       AND EXISTS (SELECT FROM ingest_block n
         WHERE n.topic = b.topic AND n.partition = b.partition AND n.first_offset > b.first_offset)`,
    [days],
  );
}

/** The row is locked until the transaction ends: whoever takes the lease over waits, and then sees the block. */
async function checkGrant(session: ControlSession, { name, holder, epoch }: Grant): Promise<void> {
  const rows = await session.query('SELECT 1 FROM lease WHERE name = $1 AND holder = $2 AND epoch = $3 FOR SHARE', [
    name,
    holder,
    epoch,
  ]);
  if (rows.length === 1) return;
  throw new FourninesError('FN_LEASE_LOST', 'another server owns this partition', { context: { lease: name } });
}

function blockOf(row: ControlRow): RecordedBlock {
  const json = (name: string): unknown => JSON.parse(String(row[name]));
  return {
    first: row['first_offset'] as bigint,
    last: row['last_offset'] as bigint,
    records: Number(row['records']),
    state: row['state'] as RecordedBlock['state'],
    leftOut: json('left_out') as RecordedBlock['leftOut'],
    tables: json('tables') as RecordedBlock['tables'],
    told: json('told') as RecordedBlock['told'],
    refused: json('refused') as RecordedBlock['refused'],
  };
}
