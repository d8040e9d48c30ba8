import type { AdviceStore } from '../../control/advice-store.ts';
import type { DatapathReadings } from '../policy/readings.ts';
import type { Advice } from './advice.ts';
import { outcomeOf } from './outcome.ts';
import type { Standing, WhichDatapath } from './state.ts';

interface Told {
  readonly id: string;
  readonly at: number;
}

/** What is remembered of a datapath. */
interface Memory {
  /** The last advice; null: there was none lately. */
  readonly last: Told | null;
  /** The last that had moves, while nothing has come of it. */
  readonly watched: (Told & { readonly advice: Advice }) | null;
}

/** What was advised so long ago is not looked for in what came about, and is not called the last any more, s. */
const rememberedSeconds = 3_600;

/** Writes down what was advised, and what came of it once. */
export class Journal {
  readonly #store: AdviceStore;
  readonly #pass: ((signal: AbortSignal) => Promise<Disposable>) | undefined;
  readonly #memories = new Map<string, Memory>();

  constructor(store: AdviceStore, pass?: (signal: AbortSignal) => Promise<Disposable>) {
    this.#store = store;
    this.#pass = pass;
  }

  /** Writes advice and how its datapath stands in one go, and gives the id. */
  async tell(advice: Advice, standing: Standing, signal: AbortSignal): Promise<string> {
    const { at } = standing.state;
    const { watched } = await this.#memory(advice, at);
    using _pass = await this.#pass?.(signal);
    const id = await this.#store.append(advice, at, standing);
    const hasMoves = advice.plan?.decision === 'plan';
    this.#memories.set(keyOf(advice), { last: { id, at }, watched: hasMoves ? { id, at, advice } : watched });
    return id;
  }

  /** The id of the last advice; null: there was none within the hour. */
  async last(of: WhichDatapath, at: number): Promise<string | null> {
    const { last } = await this.#memory(of, at);
    return last === null || at - last.at >= rememberedSeconds ? null : last.id;
  }

  /** Writes down what came of the advice that is watched, once it can be said. */
  async compare(of: WhichDatapath, readings: DatapathReadings, signal: AbortSignal): Promise<void> {
    const { at } = readings;
    const memory = await this.#memory(of, at);
    const { watched } = memory;
    if (watched === null) return;
    const isLongAgo = at - watched.at >= rememberedSeconds;
    const outcome = isLongAgo ? undefined : outcomeOf(watched.advice, watched.id, readings);
    if (!isLongAgo && outcome === undefined) return;
    if (outcome !== undefined) {
      using _pass = await this.#pass?.(signal);
      await this.#store.append(outcome, at);
    }
    this.#memories.set(keyOf(of), { ...memory, watched: null });
  }

  /** Whether it is worth looking whether somebody moved what was to be moved. */
  isWatched(of: WhichDatapath): boolean {
    return (this.#memories.get(keyOf(of))?.watched ?? null) !== null;
  }

  /** What was written last is not known: it is read again. */
  forget(of: WhichDatapath): void {
    this.#memories.delete(keyOf(of));
  }

  async #memory(of: WhichDatapath, at: number): Promise<Memory> {
    const known = this.#memories.get(keyOf(of));
    if (known !== undefined) return known;
    const { last, watched } = await this.#store.last(of, at - rememberedSeconds);
    const memory = {
      last: last === undefined ? null : { id: last.id, at: secondOf(last.advice) },
      watched: watched === undefined ? null : { id: watched.id, at: secondOf(watched.advice), advice: watched.advice },
    };
    this.#memories.set(keyOf(of), memory);
    return memory;
  }
}

function keyOf({ host, datapath }: WhichDatapath): string {
  return JSON.stringify([host, datapath]);
}

function secondOf({ at }: Advice): number {
  return Math.floor(Date.parse(at) / 1000);
}
