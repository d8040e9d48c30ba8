import { sleepMs } from '../../core/runtime/clock.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { Exclusions } from '../exclusions/exclusions.ts';
import { readStoredTo, type StoredContext } from '../live/stored-to.ts';
import { watermarkOf } from '../live/watermark.ts';
import type { Version } from '../objects/object.ts';
import type { Objects } from '../objects/objects.ts';
import { daySeconds } from '../seal/seal-document.ts';
import type { TimedBurnTier } from '../slo/burn.ts';
import type { Evaluation } from '../slo/evaluate.ts';
import type { Exclusion, Span, Window } from '../slo/objective.ts';
import { BurnLevels } from './burn-levels.ts';
import { Follower } from './follower.ts';
import { type HostsTold, hostsTold } from './hosts-told.ts';
import { outOfContract } from './in-service.ts';
import { judgeWindow, readWindow, windowRows } from './judge-window.ts';
import { Present } from './present.ts';
import type { JudgeRequest, Judging, ObjectiveReading, Stale } from './reading.ts';
import { StoredChanges } from './stored-changes.ts';
import { type JudgedTerms, termsOf } from './terms.ts';
import type { DayReading } from './window-days.ts';
import type { Facts } from './window-reading.ts';

export interface JudgeOptions extends StoredContext {
  readonly objects: Objects;
  readonly exclusions: Exclusions;
  /** Resolves when the control store can be asked; rejects with the signal's reason. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
  /** How often what is stored is looked at, ms. */
  readonly everyMs?: number;
}

export interface JudgeStats {
  readonly objectives: number;
  /** Of those, read at least once. */
  readonly judged: number;
  readonly rows: number;
  readonly failures: number;
  /** Code of the last failure, or empty. */
  readonly lastErrorCode: string;
  readonly lastPassMs: number;
}

/** As far back as the longest window and the day before it: what holds there decides about it. */
const backSeconds = 402 * daySeconds;
const quarterSeconds = 900;
/** Fewer objectives are looked at several times a second. */
const quickMax = 500;
const pauseMsMax = 10_000;
/** Looks that fail for so long leave what is told too old to be trusted, ms. */
const blindMs = 30_000;

/**
 * Judges every objective: reads what was stored since the last look, and tells what it comes to. Everything it says is
 * computed by `evaluate` from rows; nothing of it is kept but in memory, so a restart says the same again.
 */
export class Judge implements Part, Judging {
  readonly name = 'judge';
  readonly #options: Required<JudgeOptions>;
  readonly #stopped = new AbortController();
  readonly #listeners = new Set<(reading: ObjectiveReading) => void>();
  readonly #pastListeners = new Set<(name: string, span: Span) => void>();
  readonly #readings = new Map<string, ObjectiveReading>();
  readonly #present: Present;
  readonly #levels = new BurnLevels();
  #followers: Follower[] = [];
  #revision = '';
  readonly #changes = new StoredChanges();
  /** When what is stored was last read, on the clock that never steps. */
  #readMonoMs = 0;
  #running: Promise<unknown> | undefined;
  #stats = { failures: 0, lastErrorCode: '', lastPassMs: 0 };

  constructor(options: JudgeOptions) {
    this.#options = { everyMs: 2_000, ...options };
    this.#present = new Present(() => this.#now());
  }

  async start(): Promise<void> {
    this.#present.listen(this.#options.fleet);
    const { signal } = this.#stopped;
    this.#running = Promise.all([this.#run(signal), this.#tick(signal)]);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#present.close();
    await this.#running;
  }

  get stats(): JudgeStats {
    const judged = this.#followers.filter(({ judgement }) => judgement !== undefined).length;
    const rows = this.#followers.reduce((sum, follower) => sum + follower.rows, 0);
    return { ...this.#stats, objectives: this.#followers.length, judged, rows };
  }

  readings(): readonly ObjectiveReading[] {
    return [...this.#readings.values()];
  }

  reading(name: string): ObjectiveReading | undefined {
    return this.#readings.get(name);
  }

  /** Called when late rows or exclusions changed what had been judged of an objective. Gives what ends it. */
  onPast(listener: (name: string, span: Span) => void): () => void {
    this.#pastListeners.add(listener);
    return () => this.#pastListeners.delete(listener);
  }

  /** What is known of an objective's terms, judged yet or not. */
  terms(): readonly JudgedTerms[] {
    return this.#held().map(({ terms }) => terms);
  }

  /** The running window of an objective day by day; nothing before it was judged. */
  days(name: string): readonly DayReading[] {
    return (
      this.#held()
        .find(({ terms }) => terms.version.name === name)
        ?.days() ?? []
    );
  }

  onReading(listener: (reading: ObjectiveReading) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async judge(request: JudgeRequest, signal: AbortSignal): Promise<Evaluation> {
    const context = { ...this.#options.store, signal };
    return judgeWindow(context, await this.#termsFor(request.objective), request, this.#now());
  }

  async facts(version: Version<'objective'>, window: Window, signal: AbortSignal): Promise<Facts> {
    const terms = await this.#termsFor(version);
    const follower = this.#followers.find(({ terms: known }) => known === terms);
    const followed = follower?.facts(window);
    if (followed !== undefined) return followed;
    const now = this.#now();
    const until = Math.min(now, window.to);
    const file = await readWindow(
      { ...this.#options.store, signal },
      terms,
      { objective: version, window, until },
      now,
    );
    const approved = await this.#options.exclusions.approved(window, version.body.service);
    const { objective } = terms;
    return { objective, window, until, exclusions: approved, outOfContract: outOfContract(version, window), file };
  }

  async *rows(request: Omit<JudgeRequest, 'exclusions' | 'terms'>, signal: AbortSignal): AsyncIterable<string> {
    const context = { ...this.#options.store, signal };
    yield* windowRows(context, await this.#termsFor(request.objective), request, this.#now());
  }

  /** Looks once. Rejects only with the reason of `signal`. */
  async look(signal: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    try {
      // While the control store is away, what is known of it holds.
      await this.#reload().catch((error: unknown) => this.#failed(error, {}));
      if (this.#followers.length > 0) await this.#follow(signal);
      this.#readMonoMs = this.#options.monoMs();
      this.#stats = { ...this.#stats, lastPassMs: Math.round(performance.now() - startedMs) };
    } catch (error) {
      signal.throwIfAborted();
      this.#failed(error, {});
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.ready(signal);
      while (!signal.aborted) {
        await this.look(signal);
        // Many objectives are looked at less often: the store has others to serve.
        const pauseMs = Math.min(this.#stats.lastPassMs, pauseMsMax);
        await sleepMs(Math.max(this.#options.everyMs, pauseMs), signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#failed(error, {});
    }
  }

  /** Each second or more often: fast burn rates, told where something burns or no longer does. */
  async #tick(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const follower of this.#held()) {
        try {
          this.#refresh(follower);
        } catch (error) {
          this.#failed(error, { objective: follower.terms.version.name });
        }
      }
      // Many objectives take their part of a second.
      const tickMs = this.#followers.length > quickMax ? 1_000 : 250;
      await sleepMs(tickMs, signal).catch(() => undefined);
    }
  }

  #refresh(follower: Follower): void {
    const { name } = follower.terms.version;
    const before = this.#readings.get(name);
    if (before === undefined) return;
    const burn = this.#burn(follower, before);
    const at = Math.max(before.at, ...burn.map((tier) => tier.at));
    const reading = { ...before, at, burn, stale: before.stale ?? this.#blind(before) };
    this.#readings.set(name, reading);
    if (burns(before.burn) || burns(burn) || reading.stale !== before.stale) this.#emit(reading);
  }

  /** A tier whose rows are just being read anew stays as it was. */
  #burn(follower: Follower, before: ObjectiveReading | undefined): TimedBurnTier[] {
    const { version, objective } = follower.terms;
    const told = this.#levels.next(version.name, this.#present.tiers(follower), objective.target);
    const old = before?.burn.filter(({ tier }) => !told.some((each) => each.tier === tier)) ?? [];
    return [...told, ...old].sort((a, b) => (a.tier < b.tier ? -1 : 1));
  }

  /** What is stored could not be read for a while: what is told of it is old. */
  #blind({ calendar }: ObjectiveReading): Stale | null {
    const { monoMs, staleAfterMs } = this.#options;
    const isBlind = monoMs() - this.#readMonoMs > Math.max(staleAfterMs, blindMs) + 2 * this.#stats.lastPassMs;
    return isBlind ? { since: calendar.until, hosts: [] } : null;
  }

  #held(): Follower[] {
    const now = this.#now();
    return this.#followers.filter(({ terms }) => isHeld(terms.version, now));
  }

  /** Objects and exclusions, when they have changed. */
  async #reload(): Promise<void> {
    const { objects, exclusions } = this.#options;
    const now = this.#now();
    // Versions begin and end on quarters of an hour.
    const revision = [await objects.revision(), await exclusions.revision(), Math.floor(now / quarterSeconds)].join(
      ' ',
    );
    if (revision === this.#revision) return;
    const span = { from: now - backSeconds, to: now + 1 };
    const terms = termsOf(await objects.within(span)).filter(({ version }) => isHeld(version, now));
    const approved = await exclusions.approved({ from: span.from - daySeconds, to: now + 400 * daySeconds });
    const before = new Map(this.#followers.map((follower) => [keyOf(follower.terms), follower]));
    this.#followers = terms.map((each) => {
      const own = approved.filter(({ service }) => service === each.version.body.service);
      const known = before.get(keyOf(each));
      const follower = new Follower(each, own);
      if (known === undefined) return follower;
      if (isSame(known, follower)) return known;
      this.#tellPast(each.version.name, changedSpan(known.exclusions, own));
      return follower;
    });
    const held = new Set(terms.map(({ version }) => version.name));
    for (const name of this.#readings.keys()) if (!held.has(name)) this.#readings.delete(name);
    this.#levels.keep(held);
    this.#revision = revision;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const store = { ...this.#options.store, signal };
    const now = this.#now();
    const touched = await this.#changes.look(store, this.#options.nowMs());
    for (const follower of this.#followers) {
      for (const host of follower.hosts) follower.touch(touched.get(host) ?? []);
    }
    const watermarks = await this.#watermarks();
    this.#present.keep(this.#held());
    for (const follower of this.#followers) {
      signal.throwIfAborted();
      const told = hostsTold(follower.hostsAt(now), watermarks, { now, since: now - this.#upSeconds() });
      try {
        const late = await follower.follow(store, told.until, now);
        this.#tellPast(follower.terms.version.name, late);
        this.#present.follow(follower);
        this.#tell(follower, told);
      } catch (error) {
        signal.throwIfAborted();
        this.#failed(error, { objective: follower.terms.version.name });
      }
    }
  }

  async #watermarks() {
    const { fleet, monoMs, startedMonoMs, staleAfterMs } = this.#options;
    const storedTo = await readStoredTo(this.#options, undefined);
    const clock = { monoMs: monoMs(), startedMonoMs, staleAfterMs };
    const hosts = new Set(this.#followers.flatMap((follower) => [...follower.hosts]));
    return new Map([...hosts].map((host) => [host, watermarkOf(fleet, storedTo, clock, host)]));
  }

  #tell(follower: Follower, told: HostsTold): void {
    const { terms, judgement } = follower;
    if (judgement === undefined) return;
    const { until, calendar, rolling, pace } = judgement;
    const { name } = terms.version;
    const burn = this.#burn(follower, this.#readings.get(name));
    const at = Math.max(until, ...burn.map((tier) => tier.at));
    const reading = { objective: terms.version, at, calendar, rolling, burn, stale: told.stale, pace };
    this.#readings.set(name, reading);
    this.#emit(reading);
  }

  #tellPast(name: string, span: Span | undefined): void {
    if (span !== undefined) for (const listener of this.#pastListeners) listener(name, span);
  }

  #emit(reading: ObjectiveReading): void {
    for (const listener of this.#listeners) listener(reading);
  }

  async #termsFor(version: Version<'objective'>): Promise<JudgedTerms> {
    const known = this.#followers.find(
      ({ terms: { version: own } }) =>
        own.name === version.name && own.version === version.version && own.sha256 === version.sha256,
    );
    if (known !== undefined) return known.terms;
    const others = await this.#options.objects.within({ from: version.from, to: version.to ?? this.#now() + 1 });
    const kept = others.filter(({ kind }) => kind !== 'objective');
    return termsOf([...kept, version])[0] as JudgedTerms;
  }

  #now(): number {
    return Math.floor(this.#options.nowMs() / 1000);
  }

  #upSeconds(): number {
    const { monoMs, startedMonoMs } = this.#options;
    return Math.floor((monoMs() - startedMonoMs) / 1000);
  }

  #failed(error: unknown, context: Readonly<Record<string, string>>): void {
    const { code, message } = toFourninesError(error);
    this.#stats = { ...this.#stats, failures: this.#stats.failures + 1, lastErrorCode: code };
    this.#options.logger.warn({ ...context, code, reason: message }, 'objectives were not judged; it is tried again');
  }
}

function burns(tiers: ObjectiveReading['burn']): boolean {
  return tiers.some(({ state }) => state === 'firing');
}

/** The time of exclusions that only one of both has. */
function changedSpan(before: readonly Exclusion[], after: readonly Exclusion[]): Span | undefined {
  const essence = (exclusion: Exclusion) => JSON.stringify(exclusion);
  const [was, is] = [new Set(before.map(essence)), new Set(after.map(essence))];
  const gone = before.filter((each) => !is.has(essence(each)));
  const changed = [...gone, ...after.filter((each) => !was.has(essence(each)))];
  if (changed.length === 0) return undefined;
  return { from: Math.min(...changed.map(({ from }) => from)), to: Math.max(...changed.map(({ to }) => to)) };
}

function isHeld({ from, to }: Version, now: number): boolean {
  return from <= now && (to === null || to > now);
}

function keyOf({ version }: JudgedTerms): string {
  return `${version.name} ${version.version}`;
}

/** Whether following on with what was read gives the same as beginning anew. */
function isSame(a: Follower, b: Follower): boolean {
  const essence = ({ terms, exclusions }: Follower) =>
    JSON.stringify([terms.version, terms.placed, terms.finalAfterSeconds, terms.tenant, exclusions]);
  return essence(a) === essence(b);
}
