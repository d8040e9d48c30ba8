import { assert } from '../../core/runtime/error.ts';
import { figuresOf } from '../api/figures.ts';
import type { LikelyCause } from '../api/schema/breaches.ts';
import type { Burn, Figures } from '../api/schema/slos.ts';
import { canonicalJson, sha256Of } from '../objects/canonical-json.ts';
import type { Version } from '../objects/object.ts';
import type { BurnTier } from '../slo/burn.ts';
import { isoOf } from '../slo/instant.ts';
import type { Window } from '../slo/objective.ts';
import type { BreachKey, BreachState, BreachSubject } from './breach.ts';
import type { BreachChange, BreachRecord } from './record.ts';
import { tierSeconds } from './tier-seconds.ts';

/** Of the manifest of a bundle, which names all other files of it. */
export interface EvidenceMark {
  readonly sha256: string;
  /** Sum of the files that the manifest names. */
  readonly bytes: number;
  readonly lines: number;
}

/** A record as JSON: what the machine goes on with after a restart. */
export type StoredRecord = Omit<BreachRecord, 'against'> & { readonly against: string };

/**
 * A change as it is kept, in canonical form, and hashed. Each names the hash of the one before: whoever changes, removes or
 * adds one in the middle breaks every later one.
 */
export interface ChangeRow {
  readonly breach: string;
  readonly entry: number;
  readonly previous: string | null;
  readonly slo: { readonly name: string; readonly version: number; readonly sha256: string };
  readonly service: string;
  readonly tenant: string | null;
  readonly subject: BreachSubject;
  readonly ordinal: number;
  readonly window: { readonly from: string; readonly to: string; readonly zone: string };
  /** The instant it speaks of. */
  readonly at: string;
  /** When it was written, by the server's clock. */
  readonly recordedAt: string;
  readonly state: BreachState;
  readonly tier: string | null;
  readonly budgetLevel: number | null;
  readonly acknowledgedBy: string | null;
  readonly reason: string;
  readonly figures: Figures;
  readonly burn: readonly Burn[];
  readonly engine: string;
  readonly watermark: string | null;
  readonly evidence: EvidenceMark | null;
  readonly causes: readonly LikelyCause[];
  readonly record: StoredRecord;
}

/** A row with the bytes that are hashed. */
export interface HashedRow {
  readonly row: ChangeRow;
  readonly text: string;
  readonly sha256: string;
}

export function hashedRow(row: ChangeRow): HashedRow {
  const text = canonicalJson(row);
  return { row, text, sha256: sha256Of(text) };
}

/** The same key is the same id, on every server and at every try. */
export function breachId(slo: string, { version, windowFrom, subject, ordinal }: BreachKey): string {
  return sha256Of(canonicalJson([slo, version, windowFrom, subject, ordinal])).slice(0, 32);
}

/** Whose breach it is. */
export type RowOwner = Pick<ChangeRow, 'slo' | 'service' | 'tenant'>;

export interface RowContext {
  readonly owner: RowOwner;
  /** The change before it; undefined: it is the first. */
  readonly previous: HashedRow | undefined;
  /** Unix seconds, by the server's clock. */
  readonly now: number;
  readonly engine: string;
  readonly evidence: EvidenceMark | null;
  readonly causes: readonly LikelyCause[];
}

/** A change as a row. Where nothing was judged for it, the figures of the one before stand, and its causes too. */
export function rowOf({ record, at, reason, facts }: BreachChange, context: RowContext): ChangeRow {
  const { owner, previous, now, engine, evidence, causes } = context;
  const before = previous?.row;
  assert(facts !== null || before !== undefined, 'the first change of a breach rests on facts');
  return {
    ...owner,
    breach: breachId(owner.slo.name, record.key),
    entry: record.entry,
    previous: previous?.sha256 ?? null,
    subject: record.key.subject,
    ordinal: record.key.ordinal,
    window: windowOf(record.window),
    at: isoOf(at),
    recordedAt: isoOf(now),
    state: record.state,
    tier: record.tier,
    budgetLevel: record.level,
    acknowledgedBy: record.acknowledgedBy,
    reason,
    figures: facts === null ? (before as ChangeRow).figures : figuresOf(facts.evaluation),
    burn: facts === null ? (before as ChangeRow).burn : burnOf(facts.burn, at),
    engine,
    watermark: facts === null ? (before as ChangeRow).watermark : isoOf(facts.until),
    evidence,
    causes: causes.length > 0 ? causes : (before?.causes ?? []),
    record: storedRecord(record),
  };
}

function storedRecord(record: BreachRecord): StoredRecord {
  return { ...record, against: String(record.against) };
}

export function recordOf(stored: StoredRecord): BreachRecord {
  return { ...stored, against: BigInt(stored.against) };
}

/** `at` is the instant of tiers that do not tell their own. */
export function burnOf(tiers: readonly (BurnTier & { readonly at?: number })[], at: number): Burn[] {
  return tiers.map(({ tier, long, short, threshold, state, at: own }) => {
    const seconds = tierSeconds(tier);
    return {
      tier,
      at: isoOf(own ?? at),
      long: { bad: long.bad, total: long.total, seconds: seconds.long },
      short: { bad: short.bad, total: short.total, seconds: seconds.short },
      threshold,
      state,
    };
  });
}

export function windowOf({ from, to, zone }: Window): ChangeRow['window'] {
  return { from: isoOf(from), to: isoOf(to), zone };
}

export function ownerOf({ name, version, sha256, body }: Version<'objective'>, tenant: string | null): RowOwner {
  return { slo: { name, version, sha256 }, service: body.service, tenant };
}

/**
 * Number of the first row that does not follow the one before it; undefined: the chain holds. Rows come in order; `after` is
 * what stands before the first of them.
 */
export function firstBreak(
  rows: readonly HashedRow[],
  after: { readonly entry: number; readonly previous: string | null },
): number | undefined {
  let { entry, previous } = after;
  for (const { row, text, sha256 } of rows) {
    entry++;
    if (row.entry !== entry || row.previous !== previous || sha256Of(text) !== sha256) return entry;
    previous = sha256;
  }
  return undefined;
}
