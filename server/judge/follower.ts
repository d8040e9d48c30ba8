import { FourninesError } from '../../core/runtime/error.ts';
import type { ApprovedExclusion } from '../objects/object.ts';
import { daySeconds } from '../seal/seal-document.ts';
import type { TimedBurnTier } from '../slo/burn.ts';
import type { Pace } from '../slo/exhaustion.ts';
import type { Exclusion, Span, Window } from '../slo/objective.ts';
import { judgedAt } from '../slo/window.ts';
import type { QueryContext } from '../store/run-query.ts';
import { outOfContract, outsideOf } from './in-service.ts';
import { ObjectiveHistory, type StretchListener } from './objective-history.ts';
import type { WindowReading } from './reading.ts';
import { SlowBurn } from './slow-burn.ts';
import { type PathLines, StretchPieces } from './stretch-pieces.ts';
import type { JudgedTerms } from './terms.ts';
import { type DayReading, dayReadings } from './window-days.ts';
import { type Facts, paceOf, windowReading } from './window-reading.ts';

/** As far back as burn rates look, days, and the day that is not over. */
const minuteDays = 3;
const quarterSeconds = 900;
const minuteSeconds = 60;
const hourSeconds = 3_600;
/** A quarter of an hour may be told to its end so much later than it ends, s. */
const lateAfterSeconds = 180;
/** A watermark so far in the future was made by a clock that was set back since, s. */
const aheadSeconds = 60;

function tooLarge(name: string): FourninesError {
  return new FourninesError('FN_STORE_TOO_MUCH', `a path of ${name} has more rows than can be followed`, {
    hint: 'Hardly any of its seconds are clean or idle: give it an objective with a shorter window.',
  });
}

/**
 * Rows up to here are given to whoever judges a window: an outage that begins in it and goes on behind it is one from its
 * beginning.
 */
export function rowsEnd(window: Window): number {
  return window.to + daySeconds;
}

/** What an objective comes to up to a watermark. */
export interface Judgement {
  readonly until: number;
  readonly calendar: WindowReading;
  readonly rolling: WindowReading | null;
  /** Undefined: too little is known of the last hour. */
  readonly pace: Pace | undefined;
}

/** Follows one version of an objective through time. */
export class Follower {
  readonly terms: JudgedTerms;
  readonly exclusions: readonly ApprovedExclusion[];
  #history: ObjectiveHistory;
  #judgement: Judgement | undefined;
  #until = 0;
  #slow: SlowBurn | undefined;
  readonly #gaps: Span[] = [];
  readonly #touched = new Set<number>();
  #days: readonly DayReading[] | undefined;

  constructor(terms: JudgedTerms, exclusions: readonly ApprovedExclusion[]) {
    this.terms = terms;
    this.exclusions = exclusions;
    this.#history = this.#newHistory();
  }

  get judgement(): Judgement | undefined {
    return this.#judgement;
  }

  get hosts(): ReadonlySet<string> {
    return this.#history.hosts;
  }

  get rows(): number {
    return this.#history.rows;
  }

  /** Quarters of an hour of its hosts of which rows were stored; they are read at the next look that comes to it. */
  touch(quarters: Iterable<number>): void {
    for (const quarter of quarters) this.#touched.add(quarter);
  }

  /** Hosts that it depends on at present: where a port is no longer, nothing is awaited. */
  hostsAt(now: number): ReadonlySet<string> {
    const isThere = ({ from, to }: Span) => from <= now && to > now - lateAfterSeconds;
    return new Set(this.terms.placed.filter(isThere).map(({ host }) => host));
  }

  /** Judges what is stored up to `until`, which never goes back here. Gives the time of which rows came late. */
  async follow(store: QueryContext, until: number, now: number): Promise<Span | undefined> {
    // The clock was ahead: what was judged there has not come yet.
    if (this.#until > now + aheadSeconds) this.#forget();
    const before = this.#until;
    this.#until = Math.max(before, until);
    const windows = this.#windows();
    const from = this.#startOf(Math.min(windows.calendar.from, windows.rolling?.from ?? windows.calendar.from));
    const touched = [...this.#touched];
    const paths = this.#history.paths.length;
    const filled = await this.#history.fill(store, { from, to: this.#until }, now);
    if (this.#judgement !== undefined) {
      // A quarter that has passed is kept in runs from then on.
      const quarters = quarterOf(before) === quarterOf(this.#until) ? touched : [...touched, quarterOf(before)];
      await this.#history.refresh(store, quarters, { to: this.#until, now, filled });
    }
    // A path that begins later was unknown before, and each minute of the service must know that.
    if (this.#judgement !== undefined && this.#history.paths.length > paths) await this.#again(store, from, now);
    if (this.#history.isTooLarge) throw tooLarge(this.terms.version.name);
    await this.#tellGaps(store);
    this.#history.dropBefore(from);
    this.#days = undefined;
    const isFirst = this.#judgement === undefined;
    this.#judgement = {
      until: this.#until,
      calendar: windowReading(this.#facts(windows.calendar)),
      rolling: windows.rolling === null ? null : windowReading(this.#facts(windows.rolling)),
      pace: paceOf(this.#facts(lastHour(this.#until))),
    };
    for (const quarter of touched) this.#touched.delete(quarter);
    return isFirst ? undefined : lateSpan(touched, before);
  }

  /** Paths of which something is known. */
  get paths(): ObjectiveHistory['paths'] {
    return this.#history.paths;
  }

  /** What is never judged: time that was agreed to be left out, and time without a contract. */
  get leftOut(): readonly Exclusion[] {
    return [...outsideOf(this.terms.version), ...this.exclusions];
  }

  /** T2 to T4 at the last whole minute, or five minutes, that are known. */
  slowTiers(): readonly TimedBurnTier[] {
    return this.#slow?.tiers(this.#until) ?? [];
  }

  #forget(): void {
    this.#until = 0;
    this.#judgement = undefined;
    this.#slow = undefined;
    this.#history = this.#newHistory();
  }

  async #again(store: QueryContext, from: number, now: number): Promise<void> {
    this.#slow = undefined;
    const history = this.#newHistory();
    await history.fill(store, { from, to: this.#until }, now);
    this.#history = history;
  }

  #newHistory(): ObjectiveHistory {
    const { objective, placed } = this.terms;
    const onStretch: StretchListener = (span, paths) => this.#burn(span, paths);
    return new ObjectiveHistory({ objective, placed, minuteDays, onStretch });
  }

  /** Minutes of a stretch, or five minutes where it lies further back; those to come are set when they are whole. */
  #burn(span: Span, paths: readonly PathLines[]): void {
    const whole = this.#until - (this.#until % minuteSeconds);
    this.#slow ??= new SlowBurn(this.terms.objective, whole);
    const pieces = new StretchPieces(this.terms.objective, this.leftOut, span, paths);
    for (let at = Math.max(span.from, this.#slow.held.from); at < Math.min(span.to, whole); ) {
      const bucket = this.#slow.spanOf(at) ?? { from: at, to: at + minuteSeconds };
      const gap = this.#slow.set(bucket, pieces.touching(bucket));
      if (gap !== undefined && (gap.from < span.from || gap.to > span.to)) this.#gaps.push(gap);
      at = bucket.to;
    }
  }

  /** Gaps that reach over stretches are read as one, so that each minute of them says the same. */
  async #tellGaps(store: QueryContext): Promise<void> {
    const gaps = this.#gaps.splice(0);
    if (gaps.length === 0) return;
    const from = Math.min(...gaps.map((gap) => gap.from));
    await this.#history.tellAgain(store, { from, to: Math.max(...gaps.map((gap) => gap.to)) });
    this.#gaps.length = 0;
  }

  /** The running window day by day; computed when it is asked for, once for what was read last. */
  days(): readonly DayReading[] {
    if (this.#judgement === undefined) return [];
    this.#days ??= dayReadings(this.#facts(this.#judgement.calendar.window));
    return this.#days;
  }

  /** What is known of a window, when all of it is followed; undefined: some of it is not. */
  facts(window: Window): Facts | undefined {
    const span = { from: this.#startOf(window.from), to: window.to };
    return this.#judgement === undefined || !this.#history.holds(span) ? undefined : this.#facts(window);
  }

  /** What was before an objective began is left out, whatever it was. */
  #startOf(from: number): number {
    return Math.max(from, Math.min(this.terms.version.from, this.#until));
  }

  #facts(window: Window): Facts {
    const { objective, version } = this.terms;
    const file = this.#history.file(version.name, Math.min(this.#until, rowsEnd(window)));
    const exclusions = this.exclusions.filter(({ from, to }) => from < window.to && to > window.from);
    return { objective, window, until: this.#until, exclusions, outOfContract: outOfContract(version, window), file };
  }

  #windows() {
    const { objective, rolling, version } = this.terms;
    const first = judgedAt(objective, undefined).window;
    const at = Math.max(Math.min(this.#until, version.to ?? this.#until), version.from + 1, first.from + 1);
    // A window that ends on a quarter of an hour cuts no run of seconds.
    const end = this.#until - (this.#until % quarterSeconds);
    return {
      calendar: judgedAt(objective, at).window,
      rolling: rolling === null ? null : judgedAt({ ...objective, window: rolling }, end).window,
    };
  }
}

function quarterOf(slot: number): number {
  return slot - (slot % quarterSeconds);
}

/** Whole quarters of an hour, which cut no run of seconds. */
function lastHour(until: number): Window {
  const to = quarterOf(until);
  return { from: Math.max(0, to - hourSeconds), to, zone: 'UTC' };
}

/** Quarters of an hour that had been told when rows of them came. */
function lateSpan(quarters: readonly number[], until: number): Span | undefined {
  const late = quarters.filter((quarter) => quarter + quarterSeconds + lateAfterSeconds <= until);
  if (late.length === 0) return undefined;
  return { from: Math.min(...late), to: Math.max(...late) + quarterSeconds };
}
