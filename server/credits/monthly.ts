import { sleepMs } from '../../core/runtime/clock.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { Exclusions } from '../exclusions/exclusions.ts';
import type { Version } from '../objects/object.ts';
import type { Objects } from '../objects/objects.ts';
import { ofKind } from '../objects/of-kind.ts';
import type { Credits } from './credits.ts';
import { dueBackSeconds, monthsDue } from './months-due.ts';

type InTurn = (signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>) => Promise<unknown>;

export interface MonthlyOptions {
  readonly credits: Pick<Credits, 'computeMonth' | 'zoneOf'>;
  readonly objects: Pick<Objects, 'within'>;
  readonly exclusions: Pick<Exclusions, 'revision'>;
  /** Resolves when the control store is open and up to date. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Runs the work while this server is the one that computes months. Absent: there is no other. */
  readonly inTurn?: InTurn | undefined;
  readonly nowMs: () => number;
  readonly logger: Logger;
  /** How often everything that is due is computed, ms. */
  readonly everyMs?: number;
  /** How often it looks whether exclusions changed, or it is time, ms. */
  readonly lookMs?: number;
  /** How often it asks whether it is its turn, ms. */
  readonly turnMs?: number;
}

export interface MonthlyStats {
  /** Computations of this process, also those that added nothing. */
  readonly computed: number;
  readonly failures: number;
  /** Code of the last failure, or empty. */
  readonly lastErrorCode: string;
}

/** After each month the stores are left alone as long as it took, up to this. */
const pauseMsMax = 1_000;
const always: InTurn = (signal, work) => work(signal);

/**
 * Computes the credits of months once they are final, and again while late rows or exclusions may change them. Nothing is
 * remembered but when that was last done: the ledger adds only what is news, so it may be done any number of times.
 */
export class MonthlyCredits implements Part {
  readonly name = 'monthlyCredits';
  readonly #options: MonthlyOptions;
  readonly #stopped = new AbortController();
  #doneAtMs = Number.NEGATIVE_INFINITY;
  /** Of the exclusions that were known when everything was last computed. */
  #revision = -1;
  #running: Promise<void> | undefined;
  #stats = { computed: 0, failures: 0, lastErrorCode: '' };

  constructor(options: MonthlyOptions) {
    this.#options = options;
  }

  get stats(): MonthlyStats {
    return this.#stats;
  }

  async start(): Promise<void> {
    this.#running = this.#run(this.#stopped.signal);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
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

  async #run(signal: AbortSignal): Promise<void> {
    const { inTurn = always, ready, lookMs = 60_000, turnMs = 5_000 } = this.#options;
    const looking = async (turn: AbortSignal) => {
      await ready(turn);
      while (!turn.aborted) {
        await this.look(turn).catch((error: unknown) => turn.aborted || this.#failed(error, {}));
        await sleepMs(lookMs, turn).catch(() => undefined);
      }
    };
    while (!signal.aborted) {
      await inTurn(signal, looking).catch((error: unknown) => this.#failed(error, {}));
      await sleepMs(turnMs, signal).catch(() => undefined);
    }
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
    this.#stats = { ...this.#stats, computed: this.#stats.computed + 1 };
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
      this.#failed(error, context);
      return undefined;
    }
  }

  #failed(error: unknown, context: object): void {
    if (this.#stopped.signal.aborted) return;
    const { code, message } = toFourninesError(error);
    this.#stats = { ...this.#stats, failures: this.#stats.failures + 1, lastErrorCode: code };
    this.#options.logger.warn({ ...context, code, reason: message }, 'a month was not computed; it is tried again');
  }
}
