import type { AdviceStore } from '../../control/advice-store.ts';
import type { DatapathReadings } from '../policy/readings.ts';
import { type Advice, markOf } from './advice.ts';
import { outcomeOf } from './outcome.ts';

export interface Told {
  readonly advice: Advice;
  /** Something is wrong, or may be. */
  readonly isTrouble: boolean;
  readonly readings: DatapathReadings;
  /** Unix seconds. */
  readonly at: number;
}

/** What is remembered of a datapath. */
interface Memory {
  /** The last advice; null: there was none lately. */
  readonly last: { readonly id: string; readonly at: number; readonly mark: string } | null;
  /** The last that had moves, while nothing has come of it. */
  readonly watched: { readonly id: string; readonly at: number; readonly advice: Advice } | null;
  /** Since when nothing is wrong any more; null: something is. */
  readonly calmSince: number | null;
}

/** What was advised so long ago is not looked for in what came about, and is not called the last any more, s. */
const rememberedSeconds = 3_600;
/** Other advice of the same datapath comes no sooner, s. */
const betweenSeconds = 15;
/** What comes back after so long a calm is news, s. */
const calmSeconds = 60;

/** Writes advice down once, and what came of it once. */
export class Journal {
  readonly #store: AdviceStore;
  readonly #pass: ((signal: AbortSignal) => Promise<Disposable>) | undefined;
  readonly #memories = new Map<string, Memory>();

  constructor(store: AdviceStore, pass?: (signal: AbortSignal) => Promise<Disposable>) {
    this.#store = store;
    this.#pass = pass;
  }

  /** Gives the id of the last advice; null: there was none within the hour. */
  async take(told: Told, signal: AbortSignal): Promise<string | null> {
    const { advice, isTrouble, at } = told;
    const key = JSON.stringify([advice.host, advice.datapath]);
    const known = this.#memories.get(key) ?? (await this.#read(advice, at));
    const before = await this.#compare(known, told, signal);
    const { last } = before;
    if (isTrouble && isNews(before, advice, at)) {
      using _pass = await this.#pass?.(signal);
      const id = await this.#store.append(advice, at);
      const hasMoves = advice.plan?.decision === 'plan';
      const watched = hasMoves ? { id, at, advice } : before.watched;
      this.#memories.set(key, { last: { id, at, mark: markOf(advice) }, watched, calmSince: null });
      return id;
    }
    const calmSince = isTrouble ? null : (before.calmSince ?? at);
    this.#memories.set(key, { ...before, calmSince });
    return last === null || at - last.at >= rememberedSeconds ? null : last.id;
  }

  /** Whether it is worth looking whether somebody moved what was to be moved. */
  isWatched({ host, datapath }: Pick<Advice, 'host' | 'datapath'>): boolean {
    return (this.#memories.get(JSON.stringify([host, datapath]))?.watched ?? null) !== null;
  }

  async #read(of: Advice, at: number): Promise<Memory> {
    const { last, watched } = await this.#store.last(of, at - rememberedSeconds);
    return {
      last: last === undefined ? null : { id: last.id, at: secondOf(last.advice), mark: markOf(last.advice) },
      watched: watched === undefined ? null : { id: watched.id, at: secondOf(watched.advice), advice: watched.advice },
      calmSince: null,
    };
  }

  async #compare(memory: Memory, { readings, at }: Told, signal: AbortSignal): Promise<Memory> {
    const { watched } = memory;
    if (watched === null) return memory;
    if (at - watched.at >= rememberedSeconds) return { ...memory, watched: null };
    const outcome = outcomeOf(watched.advice, watched.id, readings);
    if (outcome === undefined) return memory;
    using _pass = await this.#pass?.(signal);
    await this.#store.append(outcome, at);
    return { ...memory, watched: null };
  }
}

function isNews({ last, calmSince }: Memory, advice: Advice, at: number): boolean {
  if (last === null) return true;
  const wasCalm = calmSince !== null && at - calmSince >= calmSeconds;
  return at - last.at >= betweenSeconds && (wasCalm || last.mark !== markOf(advice));
}

function secondOf({ at }: Advice): number {
  return Math.floor(Date.parse(at) / 1000);
}
