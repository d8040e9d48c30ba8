import { FourninesError } from '../../core/runtime/error.ts';
import type { CreditLine, LineBody } from '../credits/line.ts';
import { sha256Of } from '../objects/canonical-json.ts';
import type { ControlRow, ControlSession } from './control-store.ts';
import { type Link, nextLink } from './hash-chain.ts';

type Session = Pick<ControlSession, 'query'>;

/** A line and its place in the chain of its agreement. */
export type RecordedLine = CreditLine & Link;

/** Where lines are looked for. Empty texts: all. */
export interface CreditFilter {
  readonly tenant: string;
  readonly month: string;
  /** Newest months come first; those behind this line. */
  readonly after: { readonly month: string; readonly agreement: string; readonly entry: number } | undefined;
  readonly limit: number;
}

const linesMax = 10_000;

/** Adds a line behind the last one of its agreement. FN_RECORD_CHANGED: that one is not what was recorded. */
export async function addCreditLine(session: Session, body: LineBody, atMs: number): Promise<RecordedLine> {
  const { id, tenant, agreement, month } = body;
  const [row] = await session.query(
    'SELECT document, sha256 FROM credit_line WHERE agreement = $1 ORDER BY entry DESC LIMIT 1',
    [agreement],
  );
  const last = row === undefined ? undefined : lineOf(row);
  const line = { ...body, entry: (last?.entry ?? 0) + 1, atMs: Math.max(atMs, last?.atMs ?? 0) };
  const link = nextLink(line, last?.sha256 ?? null);
  await session.query(
    `INSERT INTO credit_line (agreement, entry, credit_id, tenant, month, document, sha256)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [agreement, line.entry, id, tenant, month, link.document, link.sha256],
  );
  return { ...line, ...link };
}

/** All lines of a credit, the first one first; none: there is no such credit. */
export async function readCreditLines(session: Session, id: string): Promise<readonly RecordedLine[]> {
  const rows = await session.query(
    `SELECT document, sha256 FROM credit_line WHERE credit_id = $1 ORDER BY entry LIMIT ${linesMax}`,
    [id],
  );
  return rows.map(lineOf);
}

export async function listCreditLines(session: Session, filter: CreditFilter): Promise<readonly RecordedLine[]> {
  const { tenant, month, after, limit } = filter;
  const rows = await session.query(
    `SELECT document, sha256 FROM credit_line
     WHERE ($1 = '' OR tenant = $1) AND ($2 = '' OR month = $2)
       AND ($3 = '' OR month < $3 OR (month = $3 AND (agreement, entry) > ($4, $5::integer)))
     ORDER BY month DESC, agreement, entry LIMIT $6::integer`,
    [tenant, month, after?.month ?? '', after?.agreement ?? '', after?.entry ?? 0, limit],
  );
  return rows.map(lineOf);
}

/** Money rests on it: a text that is not the one that was recorded is not read. */
function lineOf(row: ControlRow): RecordedLine {
  const [document, sha256] = [String(row['document']), String(row['sha256'])];
  const line = JSON.parse(document) as CreditLine & { readonly previous: string | null };
  if (sha256Of(document) === sha256) return { ...line, document, sha256 };
  const { agreement, entry } = line;
  throw new FourninesError('FN_RECORD_CHANGED', `entry ${entry} of ${agreement} is not what was recorded`, {
    context: { agreement, entry },
  });
}
