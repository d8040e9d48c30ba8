import { sleepMs } from '../../core/runtime/clock.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import { TurnLoop, type TurnLoopStats, type TurnTaking } from '../control/turn-loop.ts';
import type { Exclusions } from '../exclusions/exclusions.ts';
import type { Version } from '../objects/object.ts';
import type { Objects } from '../objects/objects.ts';
import { ofKind } from '../objects/of-kind.ts';
import type { Credits } from './credits.ts';
import { dueBackSeconds, monthsDue } from './months-due.ts';

export interface MonthlyOptions extends TurnTaking {
  readonly credits: Pick<Credits, 'computeMonth' | 'zoneOf'>;
  readonly objects: Pick<Objects, 'within'>;
  readonly exclusions: Pick<Exclusions, 'revision'>;
  /** Resolves when the control store is open and up to date. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly nowMs: () => number;
  /** How often everything that is due is computed, ms. */
  readonly everyMs?: number;
  /** How often it looks whether exclusions changed, or it is time, ms. */
  readonly lookMs?: number;
}

export interface MonthlyStats extends TurnLoopStats {
  /** Computations of this process, also those that added nothing. */
  readonly computed: number;
}

/** After each month the stores are left alone as long as it took, up to this. */
const pauseMsMax = 1_000;

/**
 * Computes the credits of months once they are final, and again while late rows or exclusions may change them. Nothing is
 * remembered but when that was last done: the ledger adds only what is news, so it may be done any number of times.
 */
export class MonthlyCredits implements Part {
  readonly name = 'monthlyCredits';
  readonly #options: MonthlyOptions;
  readonly #loop: TurnLoop;
  #doneAtMs = Number.NEGATIVE_INFINITY;
  /** Of the exclusions that were known when everything was last computed. */
  #revision = -1;
  #computed = 0;

  constructor(options: MonthlyOptions) {
    this.#options = options;
    const work = (turn: AbortSignal) =>
      this.#loop.repeat(turn, options.lookMs ?? 60_000, (signal) =>
        this.look(signal).catch((error: unknown) => {
          if (!turn.aborted) throw error;
        }),
      );
    this.#loop = new TurnLoop({ ...options, work, failure: 'a month was not computed; it is tried again' });
  }

  get stats(): MonthlyStats {
    return { computed: this.#computed, ...this.#loop.stats };
  }

  async start(): Promise<void> {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Computes what is due if it is time, or exclusions changed. Rejects when the control store does, or with the signal. */
  async look(signal: AbortSignal): Promise<void> {
    const { exclusions, objects, nowMs, everyMs = 3_600_000 } = this.#options;
    const startedMs = nowMs();
    const revision = await exclusions.revision();
    if (revision === this.#revision && startedMs - this.#doneAtMs < everyMs) return;
    const now = Math.floor(startedMs / 1000);
    const versions = await objects.within({ from: now - dueBackSeconds, to: now }, 'agreement');
    for (const agreement of ofKind(versions, 'agreement')) await this.#computeDue(agreement, now, signal);
    this.#doneAtMs = startedMs;
    this.#revision = revision;
  }

  /** Of one version of an agreement; one that cannot be computed does not hold up the others. */
  async #computeDue(agreement: Version<'agreement'>, now: number, signal: AbortSignal): Promise<void> {
    if (agreement.body.credits === null) return;
    const { name, version } = agreement;
    const months = await this.#attempt({ agreement: name, version }, signal, async () =>
      monthsDue(agreement, await this.#options.credits.zoneOf(agreement.body.tenant), now),
    );
    for (const month of months ?? []) {
      const startedMs = performance.now();
      await this.#attempt({ agreement: name, version, month }, signal, () => this.#compute(agreement, month, signal));
      await sleepMs(Math.min(performance.now() - startedMs, pauseMsMax), signal);
    }
  }

  async #compute(agreement: Version<'agreement'>, month: string, signal: AbortSignal): Promise<void> {
    const { credits, logger } = this.#options;
    const computation = await credits.computeMonth(agreement, month, signal);
    this.#computed++;
    if (computation.kind === 'none' || computation.line === null) return;
    const { id, state, amount, currency } = computation.line;
    logger.info({ agreement: agreement.name, month, id, state, amount, currency }, 'a credit was computed');
  }

  async #attempt<T>(context: object, signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      this.#loop.failed(error, context);
      return undefined;
    }
  }
}
