import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import type { ControlStore } from './control-store.ts';
import { type Grant, Leases } from './leases.ts';

export interface TurnOptions {
  readonly control: ControlStore;
  /** What only one of all servers does at a time. */
  readonly name: string;
  readonly holder: string;
  readonly ttlMs: number;
}

/** A lease whose owner has not heard of its renewal for this part of it stops: before anybody else may begin. */
const trusted = 0.75;
const askAgainMsMax = 1_000;

/** Work that only one of several servers does at a time: the one that has the lease. */
export class Turn {
  readonly #options: TurnOptions;
  readonly #leases: Leases;

  constructor(options: TurnOptions) {
    this.#options = options;
    this.#leases = new Leases(options.control, options.ttlMs);
  }

  /**
   * Runs `work` and gives what it gave; undefined: somebody else has the turn. Its signal ends it when `signal` does, or
   * with FN_LEASE_LOST when the turn can no longer be relied upon.
   */
  async take<T>(
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ readonly done: T } | undefined> {
    signal.throwIfAborted();
    const askedAtMs = performance.now();
    const grant = await this.#leases.acquire(this.#options.name, this.#options.holder);
    if (grant === undefined) return undefined;
    const over = new AbortController();
    const lost = new AbortController();
    const kept = this.#keep(grant, askedAtMs, lost, over.signal);
    try {
      return { done: await work(AbortSignal.any([signal, lost.signal])) };
    } finally {
      over.abort();
      await kept;
      // What cannot be given back runs out.
      await this.#leases.release(grant).catch(() => undefined);
    }
  }

  /** As `take`, but waits for its turn. */
  async takeWhenFree<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (;;) {
      const taken = await this.take(signal, work);
      if (taken !== undefined) return taken.done;
      await sleepMs(Math.min(this.#options.ttlMs / 4, askAgainMsMax), signal);
    }
  }

  /** Renews the lease until it is over or lost. Never rejects. */
  async #keep(grant: Grant, askedAtMs: number, lost: AbortController, over: AbortSignal): Promise<void> {
    const { name, ttlMs } = this.#options;
    const lose = () => lost.abort(new FourninesError('FN_LEASE_LOST', `another server may have taken over: ${name}`));
    const leftMs = (sinceMs: number) => Math.max(0, sinceMs + trusted * ttlMs - performance.now());
    let timer = setTimeout(lose, leftMs(askedAtMs));
    while (!over.aborted && !lost.signal.aborted) {
      await sleepMs(ttlMs / 4, over).catch(() => undefined);
      if (over.aborted) break;
      const sinceMs = performance.now();
      const held = await this.#leases.renew(grant).catch(() => undefined);
      if (held === undefined) continue;
      clearTimeout(timer);
      if (held) timer = setTimeout(lose, leftMs(sinceMs));
      else lose();
    }
    clearTimeout(timer);
  }
}
