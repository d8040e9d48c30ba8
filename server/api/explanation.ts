import { directions } from '../../core/catalogue/kind-parts.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { type Owner, owners } from '../attribution/evidence.ts';
import { decodeEvidence } from '../attribution/evidence-text.ts';
import { type Attribution, attribute, type RuleSet } from '../attribution/rules.ts';
import { storyOf } from '../attribution/story.ts';
import { absentList, attributionList } from '../store/queries/attributions.ts';
import { dropList } from '../store/queries/drop-list.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { readFurtherUp } from './further-up.ts';
import { type AccountedPath, readAccountedPaths } from './path-sums.ts';
import { readReplay } from './port-replay.ts';
import type { ExplainedPath, ExplainedRow, Explanation, Judged } from './schema/explain.ts';
import { iso, type RequestedWindow } from './window.ts';

export interface ExplainRequest {
  readonly host: string;
  readonly port: string;
  readonly window: RequestedWindow;
  /** Rules that the stored readings are given to once more; undefined: none. */
  readonly rules: RuleSet | undefined;
}

/** More rows than this are not told at once. */
const rowsMax = 5_000;

type Stored = RowsOf<typeof attributionList>[number];
type Drop = RowsOf<typeof dropList>[number];

/** The story of a window of a port: each row of drops with its counters, its owners and why, and what no row tells. */
export async function explain(store: QueryContext, request: ExplainRequest): Promise<Explanation> {
  const { host, port, window, rules } = request;
  const asked = { host, port, ...window, limit: rowsMax + 1 };
  const [drops, stored, accounted, furtherUp, absent] = await Promise.all([
    runQuery(store, dropList, asked),
    runQuery(store, attributionList, asked),
    readAccountedPaths(store, { window, host, port, after: undefined, limit: directions.length }),
    readFurtherUp(store, { host, port, window }),
    runQuery(store, absentList, asked),
  ]);
  if ([drops, stored, absent].some(({ length }) => length > rowsMax)) {
    const what = `more than ${rowsMax} rows of drops of port ${port} lie in the window`;
    throw new FourninesError('FN_QUERY_PARAMETER', what, { hint: 'Ask for a shorter window.' });
  }
  const replay = await readReplay(store, { host, port, window: hullOf(window, [...drops, ...stored]) });
  const counters = new Map(replay.causes.map((cause) => [causeOf(cause), cause.counters]));
  const known = new Map(stored.map((row) => [keyOf(row), row]));
  // Raw rows live 7 days; owners, and what they rest on, 13 months.
  for (const drop of drops) if (known.get(keyOf(drop))?.packets !== drop.packets) known.delete(keyOf(drop));
  const untold = drops.filter((drop) => !known.has(keyOf(drop)));
  const items = [...known.values(), ...untold]
    .map((row) => ({ row, item: explained(row, counters.get(causeOf(row)) ?? [], rules) }))
    .sort((a, b) => a.row.slot - b.row.slot || (keyOf(a.row) < keyOf(b.row) ? -1 : 1))
    .map(({ item }) => item);
  const paths = accounted.paths.map(explainedPath);
  const asWindow = { from: iso(window.from), to: iso(window.to) };
  return {
    host,
    port,
    window: asWindow,
    packets: sumsOf(items),
    paths,
    furtherUp,
    items,
    beside: besideOf(absent, rules),
  };
}

/** Rows of the datapath that count for no port: packets to guests that were away. */
function besideOf(absent: RowsOf<typeof absentList>, rules: RuleSet | undefined): Explanation['beside'] {
  return [...absent]
    .sort((a, b) => a.slot - b.slot)
    .map((row) => ({
      ...explained(row, [], rules),
      datapath: row.port,
      ports: [...(decodeEvidence(row.inputs).absence?.ports ?? [])],
    }));
}

/** A row may reach over both ends of a short window; counters that moved in all of its time tell its cause. */
function hullOf(window: RequestedWindow, rows: readonly Pick<Drop, 'slot' | 'slots'>[]): RequestedWindow {
  return rows.reduce(
    ({ from, to }, { slot, slots }) => ({ from: Math.min(from, slot), to: Math.max(to, slot + slots) }),
    window,
  );
}

/** How well a direction is known, and what was lost in it that no row tells. */
export function explainedPath({ direction, slots, pending, unexplained }: AccountedPath): ExplainedPath {
  return { direction, slots, pending: String(pending), unexplained: String(unexplained) };
}

function explained(row: Drop | Stored, counters: readonly string[], rules: RuleSet | undefined): ExplainedRow {
  const { direction, cause, place, slot, slots, packets } = row;
  const head = { direction, cause, place, from: iso(slot), to: iso(slot + slots), packets, counters: [...counters] };
  if (!('rule' in row)) return { ...head, told: null, revision: 0, evidence: '', inputs: null, replayed: null };
  const { rule, ruleVersion, revision, evidence, inputs } = row;
  const missing = row.missing === '' ? [] : row.missing.split(' ');
  const facts = JSON.parse(row.facts) as Judged['facts'];
  const { provider, tenant, contract, unknown } = row;
  const told = {
    owners: { provider, tenant, contract, unknown },
    ...{ rule, ruleVersion, missing, facts, story: storyOf({ rule, facts, missing }) },
  };
  const replayed = rules === undefined ? null : judgedOf(attribute(decodeEvidence(inputs), rules));
  return { ...head, told, revision, evidence, inputs: JSON.parse(inputs) as unknown, replayed };
}

function judgedOf({ packets, rule, ruleVersion, missing, facts }: Attribution): Judged {
  const told = { provider: '', tenant: '', contract: '', unknown: '' };
  for (const owner of owners) told[owner] = String(packets[owner]);
  return { owners: told, rule, ruleVersion, missing: [...missing], facts, story: storyOf({ rule, facts, missing }) };
}

function sumsOf(items: readonly ExplainedRow[]): Explanation['packets'] {
  const sum = (owner: Owner) =>
    items.reduce((all, { told, packets }) => {
      if (told !== null) return all + BigInt(told.owners[owner]);
      return owner === 'unknown' ? all + BigInt(packets) : all;
    }, 0n);
  return {
    provider: String(sum('provider')),
    tenant: String(sum('tenant')),
    contract: String(sum('contract')),
    unknown: String(sum('unknown')),
  };
}

interface OfCause {
  readonly direction: string;
  readonly cause: string;
  readonly place: string;
}

function causeOf({ direction, cause, place }: OfCause): string {
  return `${direction} ${cause} ${place}`;
}

function keyOf(row: OfCause & Pick<Drop, 'slot' | 'slots'>): string {
  return `${row.slot} ${row.slots} ${causeOf(row)}`;
}
