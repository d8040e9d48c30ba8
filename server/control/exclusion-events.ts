import { assert, FourninesError } from '../../core/runtime/error.ts';
import type { ExclusionEvent, ExclusionState } from '../exclusions/exclusion.ts';
import type { Span } from '../slo/objective.ts';
import type { ControlRow, ControlSession } from './control-store.ts';
import { type Link, nextLink } from './hash-chain.ts';

/** Where the newest events are looked for. Empty texts: all. */
export interface ExclusionFilter {
  readonly service: string;
  readonly state: ExclusionState | '';
  /** The newest ones begin last and are told first; those behind this one. */
  readonly before: { readonly from: number; readonly id: string } | undefined;
  readonly limit: number;
}

type Session = Pick<ControlSession, 'query'>;

/** Approved ones that one answer may hold; a service has a few a month. */
const approvedMax = 20_000;
const eventsMax = 1000;
/** The newest revision of each. */
const newest = `NOT EXISTS (
  SELECT FROM exclusion_event n WHERE n.exclusion_id = e.exclusion_id AND n.revision > e.revision)`;

/** Adds an event behind `previous` (null: the first); fails with FN_CONTROL or FN_CONTROL_CONFLICT where one is there. */
export async function addExclusionEvent(
  session: Session,
  event: Omit<ExclusionEvent, keyof Link>,
  previous: ExclusionEvent | undefined,
): Promise<ExclusionEvent> {
  const { id, revision, state, request } = event;
  const { service, from, to } = request;
  assert(revision === (previous?.revision ?? 0) + 1, 'revisions have no holes');
  const link = nextLink(bodyOf(event), previous?.sha256 ?? null);
  await session.query(
    `INSERT INTO exclusion_event (exclusion_id, revision, service, from_s, to_s, state, document, sha256)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [id, revision, service, from, to, state, link.document, link.sha256],
  );
  return { ...event, ...link };
}

/** All revisions of an exclusion, the first one first; none: there is no such exclusion. */
export async function readExclusionEvents(session: Session, id: string): Promise<readonly ExclusionEvent[]> {
  const rows = await session.query(
    `SELECT document, sha256 FROM exclusion_event WHERE exclusion_id = $1 ORDER BY revision LIMIT ${eventsMax}`,
    [id],
  );
  return rows.map(eventOf);
}

export async function listExclusions(session: Session, filter: ExclusionFilter): Promise<readonly ExclusionEvent[]> {
  const { service, state, before, limit } = filter;
  const rows = await session.query(
    `SELECT document, sha256 FROM exclusion_event e
     WHERE ($1 = '' OR service = $1) AND ($2 = '' OR state = $2)
       AND ($3::bigint IS NULL OR (from_s, exclusion_id) < ($3::bigint, $4)) AND ${newest}
     ORDER BY from_s DESC, exclusion_id DESC LIMIT $5::integer`,
    [service, state, before?.from ?? null, before?.id ?? '', limit],
  );
  return rows.map(eventOf);
}

/** The newest events of those that share time with a window and are in one of the states. Empty service: of all services. */
export async function overlappingExclusions(
  session: Session,
  service: string,
  window: Span,
  states: readonly ExclusionState[],
): Promise<readonly ExclusionEvent[]> {
  const rows = await session.query(
    `SELECT document, sha256 FROM exclusion_event e
     WHERE ($1 = '' OR service = $1) AND from_s < $3 AND to_s > $2
       AND state IN (SELECT jsonb_array_elements_text($4::text::jsonb)) AND ${newest}
     ORDER BY from_s, exclusion_id LIMIT ${approvedMax + 1}`,
    [service, window.from, window.to, JSON.stringify(states)],
  );
  if (rows.length > approvedMax) {
    throw new FourninesError('FN_STORE_TOO_MUCH', `there are more than ${approvedMax} exclusions in that window`);
  }
  return rows.map(eventOf);
}

/** Grows with each event that was added, and only then. */
export async function countExclusionEvents(session: Session): Promise<number> {
  const [row] = await session.query('SELECT count(*) AS events FROM exclusion_event');
  return Number(row?.['events']);
}

/** Everything of an event but its place in the chain; instants as whole milliseconds and seconds. */
function bodyOf({ id, revision, atMs, state, by, comment, request, requestedAtMs, warnings }: BareEvent) {
  const { service, from, to, category, reason, requestedBy, notice } = request;
  const told = notice === null ? null : { givenAt: notice.givenAt, reference: notice.reference };
  return {
    ...{ id, revision, atMs, state, by, comment, requestedAtMs, warnings },
    request: { service, from, to, category, reason, requestedBy, notice: told },
  };
}

type BareEvent = Omit<ExclusionEvent, keyof Link>;

/** The document was written by `bodyOf`; whether it is still that text is for the chain to say. */
function eventOf(row: ControlRow): ExclusionEvent {
  const document = String(row['document']);
  const body = JSON.parse(document) as BareEvent & { readonly previous: string | null };
  return { ...body, document, sha256: String(row['sha256']) };
}
