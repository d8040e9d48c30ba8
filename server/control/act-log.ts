import { FourninesError } from '../../core/runtime/error.ts';
import { sha256Of } from '../objects/canonical-json.ts';
import type { ControlCall, ControlRow, ControlSession, ControlStore } from './control-store.ts';
import { nextLink } from './hash-chain.ts';

export const actNames = [
  'silence.made',
  'silence.ended',
  'breach.acknowledged',
  'breach.commented',
  'receiver.enabled',
  'receiver.key.made',
  'receiver.tested',
  'deliveries.replayed',
  'alerting.applied',
] as const;
export type ActName = (typeof actNames)[number];

/**
 * By which road it came, as far as that can be known: a browser says whose page it is on, the command line its name, a link
 * its seal. Anything else is the API.
 */
export const roads = ['api', 'page', 'cli', 'link'] as const;
export type Road = (typeof roads)[number];

/** What somebody did. Never a secret in it. */
export interface NewAct {
  readonly atMs: number;
  /** As they said who they are; empty: nobody said. */
  readonly by: string;
  readonly via: Road;
  readonly act: ActName;
  /** What it was done to: the id of a silence or a breach, the name of a receiver. */
  readonly subject: string;
  readonly comment: string;
  /** `link`: names the link that it was done by, which is good for one act. */
  readonly details: Readonly<Record<string, string | number | null>> & { readonly link?: string };
}

export interface KeptAct extends NewAct {
  /** From 1, without holes. */
  readonly ordinal: bigint;
  readonly sha256: string;
  readonly previous: string | null;
  /** Whether its text has its hash, and follows the act before it. */
  readonly holds: boolean;
}

export interface ActQuery {
  readonly act?: ActName | undefined;
  readonly subject?: string | undefined;
  /** The last one of the page before. */
  readonly before?: bigint | undefined;
  readonly limit: number;
}

type Session = Pick<ControlSession, 'query'>;

const selected = `SELECT a.ordinal, a.act, a.subject, a.link, a.document, a.sha256, p.sha256 AS before FROM act a
  LEFT JOIN act p ON p.ordinal = a.ordinal - 1`;

/** The act that something was, once it is done; undefined: nothing was. */
export type ActOf<T> = (done: T) => NewAct | undefined;

/**
 * Does something and writes down who did it, both or neither. Without `actOf` nobody did it.
 *
 * One after another, since each act names the one before it: unlike what a SELECT takes, the lock of a table is there before the
 * transaction's view of the data is fixed. Readers are not held up.
 */
export async function acted<T>(
  store: ControlStore,
  work: (session: ControlSession) => Promise<T>,
  actOf: ActOf<T> | undefined,
  call?: ControlCall,
): Promise<T> {
  return store.transaction(async (session) => {
    if (actOf !== undefined) await session.script('LOCK TABLE act IN EXCLUSIVE MODE');
    const done = await work(session);
    const act = actOf?.(done);
    if (act !== undefined) await addAct(session, act);
    return done;
  }, call);
}

async function addAct(session: Session, act: NewAct): Promise<void> {
  const link = act.details.link ?? null;
  const [used] = await session.query('SELECT ordinal FROM act WHERE link = $1', [link]);
  if (used !== undefined) throw new FourninesError('FN_STATE_CONFLICT', 'the link was used already');
  const [last] = await session.query('SELECT ordinal, sha256 FROM act ORDER BY ordinal DESC LIMIT 1');
  const ordinal = BigInt(String(last?.['ordinal'] ?? 0)) + 1n;
  const previous = last === undefined ? null : String(last['sha256']);
  const { document, sha256 } = nextLink({ ...act, ordinal: String(ordinal) }, previous);
  await session.query(
    'INSERT INTO act (ordinal, act, subject, link, document, sha256) VALUES ($1, $2, $3, $4, $5, $6)',
    [...[ordinal, act.act, act.subject, link, document, sha256]],
  );
}

/** What was done, by whom: rows are added, and nothing else. */
export class ActLog {
  readonly #store: ControlStore;

  constructor(store: ControlStore) {
    this.#store = store;
  }

  /** Newest first; each is held against the one before it in the chain, whether that is listed or not. */
  async list({ act, subject, before, limit }: ActQuery): Promise<readonly KeptAct[]> {
    const rows = await this.#store.query(
      `${selected}
       WHERE ($1::text IS NULL OR a.act = $1) AND ($2::text IS NULL OR a.subject = $2)
         AND ($3::bigint IS NULL OR a.ordinal < $3) ORDER BY a.ordinal DESC LIMIT $4`,
      [act ?? null, subject ?? null, before ?? null, limit],
    );
    return rows.map(keptOf);
  }

  /** What was done by a link; undefined: it was not used. */
  async byLink(link: string): Promise<KeptAct | undefined> {
    const [row] = await this.#store.query(`${selected} WHERE a.link = $1`, [link]);
    return row === undefined ? undefined : keptOf(row);
  }
}

interface Written extends NewAct {
  readonly ordinal: string;
  readonly previous: string | null;
}

function keptOf(row: ControlRow): KeptAct {
  const [document, sha256] = [String(row['document']), String(row['sha256'])];
  const written = writtenOf(document);
  const ordinal = BigInt(String(row['ordinal']));
  const before = row['before'] === null ? null : String(row['before']);
  const isInPlace =
    written.ordinal === String(ordinal) &&
    written.act === row['act'] &&
    written.subject === row['subject'] &&
    (written.details.link ?? null) === row['link'];
  const follows = written.previous === before && (before === null) === (ordinal === 1n);
  return { ...written, ordinal, sha256, holds: sha256Of(document) === sha256 && isInPlace && follows };
}

/** What somebody wrote over is shown as far as it can be read, and does not hold. */
function writtenOf(document: string): Written {
  const nothing = { atMs: 0, by: '', via: 'api', act: 'silence.made', subject: '', comment: '', details: {} } as const;
  try {
    return { ...nothing, ordinal: '', previous: null, ...(JSON.parse(document) as Partial<Written>) };
  } catch {
    return { ...nothing, ordinal: '', previous: null };
  }
}
