import { toFourninesError } from '../../core/runtime/error.ts';
import type { BreachStore } from '../control/breach-store.ts';
import type { Version } from '../objects/object.ts';
import { breachId, type HashedRow, recordOf } from './change-row.ts';
import type { ChangeWriter, Owed } from './change-writer.ts';
import { remembered, type Step } from './machine.ts';
import type { BreachRecord } from './record.ts';

/** Ended windows whose breaches are remembered: those that may still be amended. */
const rememberedSeconds = 120 * 86_400;
/** Another server wrote in between: what it wrote is read, and the step is taken again. */
const roundsMax = 3;

type TakeStep = (records: readonly BreachRecord[]) => Step;

interface TakeAsk {
  /** Unix seconds. */
  readonly now: number;
  readonly signal: AbortSignal;
  /** Last changes of breaches that are no longer remembered, where the step is about such. */
  readonly older?: readonly HashedRow[];
}

interface Loaded {
  readonly records: readonly BreachRecord[];
  readonly heads: ReadonlyMap<string, HashedRow>;
}

/** The breaches of one objective as the store has them. One step at a time: whoever calls waits for the one before. */
export class ObjectiveBreaches {
  readonly #name: string;
  readonly #store: BreachStore;
  readonly #writer: ChangeWriter;
  #loaded: Loaded | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(name: string, store: BreachStore, writer: ChangeWriter) {
    this.#name = name;
    this.#store = store;
    this.#writer = writer;
  }

  async records(now: number): Promise<readonly BreachRecord[]> {
    this.#loaded ??= await this.#load(now);
    return this.#loaded.records;
  }

  /**
   * Takes a step and writes what it changes; the step is only taken when it is written. Gives changes whose evidence is
   * owed. Rejects when the store stays away: the next reading finds the machine where it was.
   */
  take(objective: Version<'objective'>, step: TakeStep, ask: TakeAsk): Promise<readonly Owed[]> {
    const taken = this.#last.then(() => this.#take(objective, step, ask));
    this.#last = taken.catch(() => undefined);
    return taken;
  }

  async #take(objective: Version<'objective'>, step: TakeStep, ask: TakeAsk): Promise<readonly Owed[]> {
    const { now, signal, older = [] } = ask;
    for (let round = 1; ; round++) {
      signal.throwIfAborted();
      this.#loaded ??= await this.#load(now);
      const { records } = this.#loaded;
      const heads = new Map([...older.map((row) => [row.row.breach, row] as const), ...this.#loaded.heads]);
      const { records: next, changes } = step(records);
      if (changes.length === 0) {
        this.#loaded = { records: next, heads };
        return [];
      }
      try {
        const written = await this.#writer.write(objective, changes, heads, signal);
        this.#loaded = this.#kept(
          next,
          new Map([...heads, ...written.heads.map((row) => [row.row.breach, row] as const)]),
          now,
        );
        return written.owed;
      } catch (error) {
        // Whether anything was written is not known: the store says.
        this.#loaded = undefined;
        if (toFourninesError(error).code !== 'FN_LEASE_LOST' || round === roundsMax) throw error;
      }
    }
  }

  async #load(now: number): Promise<Loaded> {
    const rows = await this.#store.load(this.#name, now - rememberedSeconds);
    const records = rows.map(({ row }) => recordOf(row.record));
    return this.#kept(records, new Map(rows.map((row) => [row.row.breach, row])), now);
  }

  #kept(records: readonly BreachRecord[], heads: ReadonlyMap<string, HashedRow>, now: number): Loaded {
    const kept = remembered(records, now - rememberedSeconds);
    const ids = new Set(kept.map(({ key }) => breachId(this.#name, key)));
    return { records: kept, heads: new Map([...heads].filter(([id]) => ids.has(id))) };
  }
}
