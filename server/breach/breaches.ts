import { sleepMs } from '../../core/runtime/clock.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import { BreachStore } from '../control/breach-store.ts';
import type { ControlStore } from '../control/control-store.ts';
import { TurnLoop, type TurnLoopStats, type TurnTaking } from '../control/turn-loop.ts';
import type { Judging, ObjectiveReading } from '../judge/reading.ts';
import type { Version } from '../objects/object.ts';
import type { Exclusion, Span } from '../slo/objective.ts';
import { BreachSettings, type SettingsOptions } from './breach-settings.ts';
import { ChangeWriter, type ChangeWriterOptions, type Owed } from './change-writer.ts';
import { EvidenceMaker } from './evidence-maker.ts';
import { giveEvidence, isSameKey, takeReading } from './machine.ts';
import { ObjectiveBreaches } from './objective-breaches.ts';
import { PastJudge } from './past-judge.ts';

export interface BreachesOptions
  extends SettingsOptions,
    TurnTaking,
    Pick<ChangeWriterOptions, 'causes' | 'engine' | 'nowMs' | 'pass'> {
  readonly judging: Omit<Judging, 'facts'>;
  readonly control: ControlStore;
  /** Resolves when the control store is open and up to date. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Approved ones that touch a span. */
  readonly exclusions: (
    objective: Version<'objective'>,
    span: Span,
    signal: AbortSignal,
  ) => Promise<readonly Exclusion[]>;
  /** A version that no longer holds. */
  readonly version: (name: string, version: number) => Promise<Version<'objective'> | undefined>;
  /** How long a change waits for the rows that it was judged by, ms. */
  readonly evidenceWaitMs?: number;
  /** How often windows that ended, and evidence that is owed, are looked at, ms. */
  readonly everyMs?: number;
}

export interface BreachesStats extends TurnLoopStats {
  /** Readings that this process has taken. */
  readonly steps: number;
  /** Changes whose bundle is still to come. */
  readonly owed: number;
}

/** Objectives whose steps are written at the same time: one that waits for its rows holds up few others. */
const lanes = 4;
const owedMax = 200;
const owedTriesMax = 24;
/** So often the rows are asked whether they give the figures of the change; then those that they give are told. */
const asIsTries = 2;

/**
 * Turns readings into breaches that are written down. Of each objective only the newest reading is kept on its way: what is
 * not written, because the store is away or the process ends, comes out of the next reading again, with the same names.
 */
export class Breaches implements Part {
  readonly name = 'breaches';
  readonly #options: BreachesOptions;
  readonly #store: BreachStore;
  readonly #writer: ChangeWriter;
  readonly #settings: BreachSettings;
  readonly #past: PastJudge;
  readonly #loop: TurnLoop;
  readonly #of = new Map<string, ObjectiveBreaches>();
  /** Newest readings that wait, by objective and window. */
  readonly #waiting = new Map<string, ObjectiveReading>();
  #woken = Promise.withResolvers<void>();
  #owed: { readonly owed: Owed; tries: number }[] = [];
  #steps = 0;

  constructor(options: BreachesOptions) {
    const { judging, control, exclusions, causes, engine, nowMs, pass, evidenceWaitMs = 3_000 } = options;
    this.#options = options;
    this.#store = new BreachStore(control);
    this.#settings = new BreachSettings(options);
    const tenantOf = async (objective: Version<'objective'>) => (await this.#settings.of(objective)).tenant;
    const evidence = new EvidenceMaker({ judging, exclusions, waitMs: evidenceWaitMs });
    this.#writer = new ChangeWriter({ store: this.#store, evidence, causes, tenantOf, engine, nowMs, pass });
    const of = (name: string) => this.#breachesOf(name);
    const work = (turn: AbortSignal) => this.#work(turn);
    const failure = 'breaches were not written; the next reading brings them';
    this.#loop = new TurnLoop({ ...options, work, failure });
    this.#past = new PastJudge({ ...options, settings: this.#settings, store: this.#store, of });
  }

  get stats(): BreachesStats {
    return { steps: this.#steps, ...this.#loop.stats, owed: this.#owed.length };
  }

  async start(): Promise<void> {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Exclusions changed or late rows came in a span: what rests on it is judged again, in a while. */
  recheck(slo: string, span: Span): void {
    this.#past.recheck(slo, span);
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { judging } = this.#options;
    // Whoever had the turn before may have written since.
    this.#of.clear();
    const take = (reading: ObjectiveReading) => {
      const { objective, calendar } = reading;
      this.#waiting.set(`${objective.name} ${objective.version} ${calendar.window.from}`, reading);
      this.#wake();
    };
    const end = judging.onReading(take);
    const wake = () => this.#wake();
    signal.addEventListener('abort', wake, { once: true });
    try {
      for (const reading of judging.readings()) take(reading);
      await Promise.all([...Array.from({ length: lanes }, () => this.#lane(signal)), this.#lookBack(signal)]);
    } finally {
      end();
      signal.removeEventListener('abort', wake);
    }
  }

  async #lane(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [next] = this.#waiting;
      if (next === undefined) {
        await this.#woken.promise;
        continue;
      }
      const [key, reading] = next;
      this.#waiting.delete(key);
      const { name } = reading.objective;
      await this.#take(reading, signal).catch((error: unknown) => this.#loop.failed(error, { slo: name }));
    }
  }

  #wake(): void {
    const woken = this.#woken;
    this.#woken = Promise.withResolvers();
    woken.resolve();
  }

  async #take(reading: ObjectiveReading, signal: AbortSignal): Promise<void> {
    const { objective } = reading;
    const now = this.#now();
    const { terms } = await this.#settings.of(objective);
    this.#past.saw(reading);
    const owed = await this.#breachesOf(objective.name).take(
      objective,
      (records) => takeReading(records, { reading, terms, now }),
      { now, signal },
    );
    this.#steps++;
    this.#owe(owed);
  }

  async #lookBack(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#past.look(signal, (owed) => this.#owe(owed)).catch((error: unknown) => this.#loop.failed(error));
      await this.#payOwed(signal);
      await sleepMs(this.#options.everyMs ?? 5_000, signal).catch(() => undefined);
    }
  }

  #owe(owed: readonly Owed[]): void {
    this.#owed = [...this.#owed, ...owed.map((each) => ({ owed: each, tries: 0 }))].slice(-owedMax);
  }

  /** Bundles of changes whose rows were not there yet. */
  async #payOwed(signal: AbortSignal): Promise<void> {
    for (const entry of [...this.#owed]) {
      if (signal.aborted) return;
      entry.tries++;
      const { objective, change } = entry.owed;
      const isMade = await this.#pay(entry.owed, entry.tries > asIsTries, signal).catch((error: unknown) =>
        this.#loop.failed(error, { slo: objective.name }),
      );
      if (isMade !== true && entry.tries < owedTriesMax) continue;
      this.#owed = this.#owed.filter((each) => each !== entry);
      if (isMade !== true) {
        const { logger } = this.#options;
        logger.warn({ slo: objective.name, entry: change.record.entry }, 'a change of a breach stays without a bundle');
      }
    }
  }

  async #pay(owed: Owed, asIs: boolean, signal: AbortSignal): Promise<boolean> {
    const { objective, change } = owed;
    const { at } = change;
    const facts = await this.#writer.make(owed, asIs, signal);
    if (facts === undefined) return false;
    const now = this.#now();
    await this.#breachesOf(objective.name).take(
      objective,
      (records) => {
        const record = records.find(({ key }) => isSameKey(key, change.record.key));
        if (record === undefined) return { records, changes: [] };
        return giveEvidence(records, record, { entry: change.record.entry, facts, at });
      },
      { now, signal },
    );
    return true;
  }

  #breachesOf(name: string): ObjectiveBreaches {
    let of = this.#of.get(name);
    if (of === undefined) {
      of = new ObjectiveBreaches(name, this.#store, this.#writer);
      this.#of.set(name, of);
    }
    return of;
  }

  #now(): number {
    return Math.floor(this.#options.nowMs() / 1000);
  }
}
