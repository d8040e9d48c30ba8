import type { ObjectiveReading } from '../judge/reading.ts';
import type { Ratio } from '../slo/decimal.ts';
import type { Window } from '../slo/objective.ts';
import { type BreachKey, type BreachSubject, isOngoing } from './breach.ts';
import { budgetMove } from './budget-move.ts';
import { type BurnJudged, burnAgain, burnMove } from './burn-move.ts';
import { finalMove } from './final-move.ts';
import type { Move } from './move.ts';
import { type BreachChange, type BreachRecord, type ChangeFacts, changed, opened } from './record.ts';
import { staleMove } from './stale-move.ts';
import { unprovenMove } from './unproven-move.ts';
import { type BreachTerms, isFinal, type WindowFacts } from './window-facts.ts';

/**
 * The breaches of one objective. State in, facts in, state out and what changed: nothing is kept here, so the same facts in
 * the same order give the same changes, and facts that are read twice give none.
 */
export interface Step {
  readonly records: readonly BreachRecord[];
  readonly changes: readonly BreachChange[];
}

export interface ReadingInput {
  readonly reading: ObjectiveReading;
  readonly terms: BreachTerms;
  /** Unix seconds, the wall's; what a reading says of itself is `reading.at`. */
  readonly now: number;
}

/** Whether a reading tells of now: those of a window that is over, or of a version that has ended, do not. */
export function isPresent({ at, calendar, objective }: ObjectiveReading): boolean {
  return at <= calendar.window.to && (objective.to === null || at <= objective.to);
}

/** A reading: of the present silence and burn rates, and the window that it is about. */
export function takeReading(records: readonly BreachRecord[], input: ReadingInput): Step {
  const { reading, terms, now } = input;
  const { at, calendar, burn } = reading;
  const { evaluation, until } = calendar;
  const book = new Book(records, at, { evaluation, until, burn });
  if (isPresent(reading)) takePresent(book, reading, terms);
  takeFacts(book, calendar, terms, now);
  return book.step();
}

function takePresent(book: Book, { at, calendar, burn, stale }: ObjectiveReading, terms: BreachTerms): void {
  const { window } = calendar;
  const place = (subject: BreachSubject) => ({ key: () => book.next(subject, terms.version, window), window });
  book.endOtherVersions(terms.version);
  const silent = book.ongoing('stale', terms.version);
  book.move(silent, staleMove(silent, stale, { at, waitSeconds: terms.staleWaitSeconds }), place('stale'));
  // One without tiers says nothing of them.
  if (burn.length === 0) return;
  const burning = book.ongoing('burn', terms.version);
  book.move(burning, burnMove(burning, burn, { at, isStale: stale !== null }), place('burn'));
}

export interface WindowInput {
  readonly facts: WindowFacts;
  readonly terms: BreachTerms;
  readonly at: number;
  readonly now: number;
}

/** A window judged again after it ended: late rows, exclusions, and the day from which it is final. */
export function takeWindow(records: readonly BreachRecord[], { facts, terms, at, now }: WindowInput): Step {
  const { evaluation, until } = facts;
  const book = new Book(records, at, { evaluation, until, burn: evaluation.burn });
  takeFacts(book, facts, terms, now);
  return book.step();
}

function takeFacts(book: Book, facts: WindowFacts, terms: BreachTerms, now: number): void {
  const moves = { unproven: unprovenMove, budget: budgetMove } as const;
  for (const subject of ['unproven', 'budget'] as const) {
    const key = { version: terms.version, windowFrom: facts.window.from, subject, ordinal: 1 };
    const place = { key: () => key, window: facts.window };
    const record = book.find(key);
    // A clock that stepped back reads less than is known already; that is no news.
    if (record !== undefined && facts.until < record.until) continue;
    const final = { isFinal: isFinal(facts, terms, now) };
    const move = finalMove(record, facts, final) ?? moves[subject](record, facts, terms);
    book.move(record, move && { ...move, patch: { ...move.patch, until: facts.until } }, place);
    // What has just moved may be final at once.
    const last = finalMove(book.find(key), facts, final);
    if (last?.reason !== undefined) book.move(book.find(key), last, place);
  }
}

/** A burn judged again at `burnInstants`, because exclusions or late rows came. */
export function takeBurnAgain(
  records: readonly BreachRecord[],
  record: BreachRecord,
  { judged, target, at }: { readonly judged: readonly BurnJudged[]; readonly target: Ratio; readonly at: number },
): Step {
  const book = new Book(records, at, null);
  book.move(record, burnAgain(record, judged, target), { key: () => record.key, window: record.window });
  return book.step();
}

/** Somebody has seen it: a mark on what goes on. Anything else is left as it is. */
export function acknowledge(
  records: readonly BreachRecord[],
  record: BreachRecord,
  { by, comment, at }: { readonly by: string; readonly comment: string; readonly at: number },
): Step {
  const book = new Book(records, at, null);
  if (isOngoing(record.state)) {
    const reason = comment === '' ? `acknowledged by ${by}` : `acknowledged by ${by}: ${comment}`;
    book.move(record, { patch: { acknowledgedBy: by }, reason }, { key: () => record.key, window: record.window });
  }
  return book.step();
}

/** Rows came that give the figures of an earlier change: its evidence is kept as a change of its own. */
export function giveEvidence(
  records: readonly BreachRecord[],
  record: BreachRecord,
  { entry, facts, at }: { readonly entry: number; readonly facts: ChangeFacts; readonly at: number },
): Step {
  const book = new Book(records, at, facts);
  book.move(
    record,
    { patch: {}, reason: `evidence of change ${entry}` },
    { key: () => record.key, window: record.window },
  );
  return book.step();
}

/** The objective is no longer judged: what only the present can say is over. */
export function endPresent(records: readonly BreachRecord[], at: number): Step {
  const book = new Book(records, at, null);
  book.endOtherVersions(0);
  return book.step();
}

interface Place {
  readonly key: () => BreachKey;
  readonly window: Window;
}

/** Records on their way through one step. */
class Book {
  #records: readonly BreachRecord[];
  readonly #changes: BreachChange[] = [];
  readonly #at: number;
  readonly #facts: ChangeFacts | null;

  constructor(records: readonly BreachRecord[], at: number, facts: ChangeFacts | null) {
    this.#records = records;
    this.#at = at;
    this.#facts = facts;
  }

  find(key: BreachKey): BreachRecord | undefined {
    return this.#records.find((record) => isSameKey(record.key, key));
  }

  /** A breach of the present goes on over the end of its window. */
  ongoing(subject: BreachSubject, version: number): BreachRecord | undefined {
    return this.#records.find(
      ({ key, state }) => key.subject === subject && key.version === version && isOngoing(state),
    );
  }

  next(subject: BreachSubject, version: number, { from: windowFrom }: Window): BreachKey {
    const ordinals = this.#records
      .filter(({ key }) => isSameKey({ ...key, ordinal: 0 }, { version, windowFrom, subject, ordinal: 0 }))
      .map(({ key }) => key.ordinal);
    return { version, windowFrom, subject, ordinal: Math.max(0, ...ordinals) + 1 };
  }

  endOtherVersions(version: number): void {
    const reason =
      version === 0 ? 'the objective is no longer judged' : `version ${version} of the objective holds now`;
    for (const record of this.#records) {
      const { subject } = record.key;
      const isPresent = subject === 'burn' || subject === 'stale';
      if (!isPresent || record.key.version === version || !isOngoing(record.state)) continue;
      const patch = { state: 'resolved', tier: null, held: [] } as const;
      this.move(record, { patch, reason }, { key: () => record.key, window: record.window });
    }
  }

  move(record: BreachRecord | undefined, move: Move | undefined, { key, window }: Place): void {
    if (move === undefined) return;
    const { patch, reason } = move;
    if (reason === undefined) {
      if (record !== undefined) this.#put({ ...record, ...patch });
      return;
    }
    const next = record === undefined ? opened(key(), window, this.#at, patch) : changed(record, patch);
    this.#put(next);
    this.#changes.push({ record: next, before: record?.state ?? null, at: this.#at, reason, facts: this.#facts });
  }

  #put(record: BreachRecord): void {
    this.#records = [...this.#records.filter(({ key }) => !isSameKey(key, record.key)), record];
  }

  step(): Step {
    return { records: this.#records, changes: this.#changes };
  }
}

export function isSameKey(a: BreachKey, b: BreachKey): boolean {
  return a.version === b.version && a.windowFrom === b.windowFrom && a.subject === b.subject && a.ordinal === b.ordinal;
}

/**
 * What must be remembered to go on: all that goes on, and of what is over the last of each subject and window (it gives the
 * next its number). Windows that ended before `before` are left out, unless something in them goes on.
 */
export function remembered(records: readonly BreachRecord[], before: number): readonly BreachRecord[] {
  return records.filter((record) => {
    if (isOngoing(record.state)) return true;
    if (record.window.to < before) return false;
    const { key } = record;
    const isLater = (other: BreachRecord) =>
      other.key.ordinal > key.ordinal && isSameKey({ ...other.key, ordinal: key.ordinal }, key);
    return !records.some(isLater);
  });
}
