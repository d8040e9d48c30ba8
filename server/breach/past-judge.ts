import { sleepMs } from '../../core/runtime/clock.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { BreachStore } from '../control/breach-store.ts';
import type { Judging, ObjectiveReading } from '../judge/reading.ts';
import type { Version } from '../objects/object.ts';
import { longestBurnSeconds } from '../slo/burn.ts';
import type { Exclusion, Span, Window } from '../slo/objective.ts';
import { judgedAt } from '../slo/window.ts';
import type { BreachSettings } from './breach-settings.ts';
import { type BurnJudged, burnInstants, hasFrozen } from './burn-move.ts';
import { BurnsOver } from './burns-over.ts';
import { recordOf } from './change-row.ts';
import type { Owed } from './change-writer.ts';
import { isPresent, takeBurnAgain, takeWindow } from './machine.ts';
import type { ObjectiveBreaches } from './objective-breaches.ts';
import type { BreachRecord } from './record.ts';
import { tierSeconds } from './tier-seconds.ts';

export interface PastJudgeOptions {
  readonly judging: Pick<Judging, 'judge'>;
  readonly exclusions: (
    objective: Version<'objective'>,
    span: Span,
    signal: AbortSignal,
  ) => Promise<readonly Exclusion[]>;
  readonly version: (name: string, version: number) => Promise<Version<'objective'> | undefined>;
  readonly settings: BreachSettings;
  readonly store: BreachStore;
  readonly of: (name: string) => ObjectiveBreaches;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

/** A window that ended, and when it was last judged; unix seconds. */
interface Ended {
  readonly objective: Version<'objective'>;
  readonly window: Window;
  judgedAt: number;
}

/**
 * A window in which there is a breach is judged again so often until it is final, s; afterwards once a day, for as long. One
 * without is judged when it ends and when it is final, and when somebody asks.
 */
const earlySeconds = 6 * 3_600;
const lateSeconds = 86_400;
const amendableSeconds = 40 * 86_400;
const recheckSeconds = 60;
const findSeconds = 60;
const pauseMsMax = 1_000;

/** Windows that ended, until nothing can change them any more, and burns whose facts may have gone. */
export class PastJudge {
  readonly #options: PastJudgeOptions;
  readonly #newest = new Map<string, ObjectiveReading>();
  readonly #ended = new Map<string, Ended>();
  readonly #rechecks = new Map<string, Span>();
  readonly #recheckedAt = new Map<string, number>();
  readonly #burns = new BurnsOver();
  /** Burns that are over. They wait a while: by then rows of causes have come, and owners with them. */
  readonly #burnt = new Map<string, { readonly span: Span; readonly since: number }>();
  #foundAt = 0;

  constructor(options: PastJudgeOptions) {
    this.#options = options;
  }

  /** Tells of each reading: by the first of a window the one before it has ended. */
  saw(reading: ObjectiveReading): void {
    const { objective, calendar } = reading;
    if (!isPresent(reading)) return;
    const burnt = this.#burns.saw(reading);
    if (burnt !== undefined) {
      const before = this.#burnt.get(objective.name)?.span;
      const span = before === undefined ? burnt : unionOf(before, burnt);
      this.#burnt.set(objective.name, { span, since: this.#now() });
    }
    const before = this.#newest.get(objective.name);
    this.#newest.set(objective.name, reading);
    if (before !== undefined && before.calendar.window.to <= calendar.window.from) {
      this.#end(before.objective, before.calendar.window);
    }
  }

  /** Exclusions came or went, or late rows did: what rests on that time is judged again in a while. */
  recheck(slo: string, { from, to }: Span): void {
    const before = this.#rechecks.get(slo);
    this.#rechecks.set(slo, before === undefined ? { from, to } : unionOf(before, { from, to }));
  }

  /** Judges what is due. One mistake does not hold up the others; rejects only when the control store stays away. */
  async look(signal: AbortSignal, owe: (owed: readonly Owed[]) => void): Promise<void> {
    if (Math.abs(this.#now() - this.#foundAt) >= findSeconds) await this.#find();
    const rechecks = this.#dueRechecks();
    for (const [slo, span] of rechecks) this.#touch(slo, span);
    for (const [key, ended] of this.#ended) {
      if (signal.aborted) return;
      const now = this.#now();
      const { terms } = await this.#options.settings.of(ended.objective);
      const final = ended.window.to + terms.finalAfterSeconds;
      const everySeconds = ended.judgedAt >= final ? lateSeconds : earlySeconds;
      const isOld =
        now - ended.judgedAt >= everySeconds && (ended.judgedAt === 0 || (await this.#hasBreach(ended, now)));
      if (!isOld && !(now >= final && ended.judgedAt < final)) continue;
      const startedMs = performance.now();
      await this.#attempt(ended.objective.name, async () => owe(await this.#judge(ended, now, signal)));
      if (now > final + amendableSeconds) this.#ended.delete(key);
      // The store is left alone for as long as it was asked.
      await sleepMs(Math.min(performance.now() - startedMs, pauseMsMax), signal).catch(() => undefined);
    }
    for (const [slo, span] of rechecks) {
      if (signal.aborted) return;
      await this.#attempt(slo, () => this.#burnsAgain(slo, span, signal, owe));
    }
  }

  /** Late rows come one by one: of an objective they are looked at together. */
  #dueRechecks(): readonly (readonly [string, Span])[] {
    const now = this.#now();
    for (const [slo, { span, since }] of this.#burnt) {
      if (Math.abs(now - since) < recheckSeconds) continue;
      this.#burnt.delete(slo);
      this.recheck(slo, span);
    }
    const due = [...this.#rechecks].filter(([slo]) => {
      return Math.abs(now - (this.#recheckedAt.get(slo) ?? 0)) >= recheckSeconds;
    });
    for (const [slo] of due) {
      this.#rechecks.delete(slo);
      this.#recheckedAt.set(slo, now);
    }
    return due;
  }

  /** Windows before the present ones, and those in which something is not final: after a restart nothing else tells of them. */
  async #find(): Promise<void> {
    const now = this.#now();
    if (this.#newest.size > 0) this.#foundAt = now;
    for (const [name, { objective, calendar }] of this.#newest) {
      const before = await this.#windowBefore(objective, calendar.window);
      if (before !== undefined) this.#end(objective, before);
      for (const { key, window, state } of await this.#options.of(name).records(now)) {
        const isWindows = key.subject === 'budget' || key.subject === 'unproven';
        if (!isWindows || window.to > calendar.window.from || state === 'retracted' || state === 'resolved') continue;
        if (this.#ended.has(keyOf(name, key.version, window)) || now > window.to + amendableSeconds) continue;
        const version = key.version === objective.version ? objective : await this.#options.version(name, key.version);
        if (version !== undefined) this.#end(version, window);
      }
    }
  }

  async #windowBefore(objective: Version<'objective'>, { from }: Window): Promise<Window | undefined> {
    if (from <= objective.from) return undefined;
    try {
      const { window } = judgedAt((await this.#options.settings.of(objective)).objective, from);
      const isWhole = window.to === from;
      return isWhole ? window : undefined;
    } catch {
      // The first window of all.
      return undefined;
    }
  }

  /** Windows that ended and of which something has changed are due. */
  #touch(slo: string, span: Span): void {
    for (const { objective, window, judgedAt: at } of this.#ended.values()) {
      const isTouched = objective.name === slo && window.from < span.to && span.from < window.to;
      if (isTouched && at > 0) this.#end(objective, window, 0);
    }
  }

  async #hasBreach({ objective, window }: Ended, now: number): Promise<boolean> {
    const records = await this.#options.of(objective.name).records(now);
    return records.some(({ key }) => key.version === objective.version && key.windowFrom === window.from);
  }

  #end(objective: Version<'objective'>, window: Window, at?: number): void {
    const key = keyOf(objective.name, objective.version, window);
    if (at !== undefined || !this.#ended.has(key)) this.#ended.set(key, { objective, window, judgedAt: at ?? 0 });
  }

  async #judge(ended: Ended, now: number, signal: AbortSignal): Promise<readonly Owed[]> {
    const { judging, exclusions, settings, of } = this.#options;
    const { objective, window } = ended;
    const excluded = await exclusions(objective, window, signal);
    const evaluation = await judging.judge({ objective, window, exclusions: excluded }, signal);
    const { terms } = await settings.of(objective);
    const facts = { window, until: window.to, evaluation, elapsed: evaluation };
    const step = { facts, terms, at: window.to, now };
    const owed = await of(objective.name).take(objective, (records) => takeWindow(records, step), { now, signal });
    ended.judgedAt = now;
    return owed;
  }

  async #burnsAgain(slo: string, span: Span, signal: AbortSignal, owe: (owed: readonly Owed[]) => void): Promise<void> {
    const { store, of, version } = this.#options;
    for (const row of await store.burns(slo, { from: span.from, to: span.to + longestBurnSeconds })) {
      const record = recordOf(row.row.record);
      // What its windows did not reach cannot have made it.
      if (record.openedAt - longestOf(record) >= span.to) continue;
      const objective = await version(slo, record.key.version);
      if (objective === undefined) continue;
      const judged: BurnJudged[] = [];
      for (const instant of burnInstants(record, Date.parse(row.row.at) / 1000)) {
        judged.push(await this.#burnAt(objective, record, instant, signal));
      }
      const now = this.#now();
      const { target } = (await this.#options.settings.of(objective)).terms;
      const step = { judged, target, at: now };
      owe(
        await of(slo).take(objective, (records) => takeBurnAgain(records, record, step), { now, signal, older: [row] }),
      );
    }
  }

  async #burnAt(
    objective: Version<'objective'>,
    record: BreachRecord,
    at: number,
    signal: AbortSignal,
  ): Promise<BurnJudged> {
    const { judging, exclusions } = this.#options;
    const window = { from: at - 60, to: at, zone: 'UTC' };
    const excluded = await exclusions(objective, { from: at - longestBurnSeconds, to: at }, signal);
    const ask = { objective, window, verbatim: { from: at - longestOf(record), to: at } };
    const tiers = (await judging.judge({ ...ask, exclusions: excluded }, signal)).burn;
    if (excluded.length === 0 || !hasFrozen(record, tiers)) return { tiers, unexcluded: tiers };
    return { tiers, unexcluded: (await judging.judge({ ...ask, exclusions: [] }, signal)).burn };
  }

  async #attempt(slo: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { code, message } = toFourninesError(error);
      this.#options.logger.warn(
        { slo, code, reason: message },
        'a window that ended was not judged; it is tried again',
      );
    }
  }

  #now(): number {
    return Math.floor(this.#options.nowMs() / 1000);
  }
}

function unionOf(a: Span, b: Span): Span {
  return { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}

/** The longest window of the tiers that fired, s. */
function longestOf({ fired }: BreachRecord): number {
  return Math.max(0, ...fired.map(({ tier }) => tierSeconds(tier).long));
}

function keyOf(name: string, version: number, { from }: Window): string {
  return `${name} ${version} ${from}`;
}
