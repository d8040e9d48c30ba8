import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { CallOptions, LaneStats } from './engine.ts';

/** A statement on its way. Settled exactly once, through `resolve` or `reject`; what comes later is ignored. */
export interface Call<S> {
  readonly id: number;
  readonly statement: S;
  readonly queuedAtMs: number;
  startedAtMs: number | undefined;
  resolve(text: string): void;
  reject(error: unknown): void;
}

export interface LaneOptions<S> {
  readonly queuedMax: number;
  /** Statements that run side by side. */
  readonly width?: number;
  readonly nowMs: () => number;
  /** Hands the call to the engine; its end is told by `finish`. */
  readonly send: (call: Call<S>) => void;
}

let lastId = 0;

/** A bounded number of statements at a time in order of arrival, and a bounded queue behind them. */
export class LaneQueue<S> {
  readonly #options: Required<LaneOptions<S>>;
  readonly #running = new Map<number, Call<S>>();
  #queue: Call<S>[] = [];
  #open = false;
  #started = 0;
  #waitedMsSum = 0;
  #waitedMsMax = 0;

  constructor(options: LaneOptions<S>) {
    this.#options = { width: 1, ...options };
  }

  isRunning(call: Call<S>): boolean {
    return this.#running.has(call.id);
  }

  open(): void {
    this.#open = true;
    this.#next();
  }

  /** Ends all calls, the running ones too, and takes no more until `open`. */
  shut(error: FourninesError): void {
    this.#open = false;
    const calls = [...this.#running.values(), ...this.#queue];
    this.#running.clear();
    this.#queue = [];
    for (const call of calls) call.reject(error);
  }

  /**
   * The answer to a statement, within the call's bounds. One that is given up while it waits is forgotten; of one that runs
   * `cancel` is told, and its place stays taken until `finish`.
   */
  async call(statement: S, { deadlineMs, signal }: CallOptions, cancel: (call: Call<S>) => void): Promise<string> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const queuedAtMs = this.#options.nowMs();
    const call: Call<S> = { id: ++lastId, statement, queuedAtMs, startedAtMs: undefined, resolve, reject };
    const giveUp = (error: unknown) => {
      reject(error);
      if (!this.drop(call) && this.isRunning(call)) cancel(call);
    };
    const timer = setTimeout(() => {
      const context = { deadlineMs, started: call.startedAtMs !== undefined };
      giveUp(new FourninesError('FN_STORE_TIMEOUT', `no answer from the store in ${deadlineMs} ms`, { context }));
    }, deadlineMs);
    const onAbort = () => giveUp(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.push(call);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  push(call: Call<S>): void {
    if (this.#queue.length >= this.#options.queuedMax) {
      call.reject(
        new FourninesError('FN_STORE_AWAY', 'too many statements wait for the store', {
          context: { queuedMax: this.#options.queuedMax },
        }),
      );
      return;
    }
    this.#queue.push(call);
    this.#next();
  }

  /** Takes a waiting call out; false when it is not waiting. */
  drop(call: Call<S>): boolean {
    const at = this.#queue.indexOf(call);
    if (at >= 0) this.#queue.splice(at, 1);
    return at >= 0;
  }

  /** The engine is done with a running call. */
  finish(id: number, settle: (call: Call<S>) => void): void {
    const call = this.#running.get(id);
    if (call === undefined) return;
    this.#running.delete(id);
    settle(call);
    this.#next();
  }

  stats(): LaneStats {
    const now = this.#options.nowMs();
    // In order of their start: the first has run longest.
    const [longest] = this.#running.values();
    return {
      queued: this.#queue.length,
      oldestWaitMs: this.#queue[0] === undefined ? 0 : now - this.#queue[0].queuedAtMs,
      runningMs: longest?.startedAtMs === undefined ? undefined : now - longest.startedAtMs,
      started: this.#started,
      waitedMsSum: this.#waitedMsSum,
      waitedMsMax: this.#waitedMsMax,
    };
  }

  #next(): void {
    if (!this.#open || this.#running.size >= this.#options.width) return;
    const call = this.#queue.shift();
    if (call === undefined) return;
    const now = this.#options.nowMs();
    call.startedAtMs = now;
    this.#running.set(call.id, call);
    this.#started++;
    this.#waitedMsSum += now - call.queuedAtMs;
    this.#waitedMsMax = Math.max(this.#waitedMsMax, now - call.queuedAtMs);
    try {
      this.#options.send(call);
    } catch (error) {
      this.finish(call.id, (failed) => failed.reject(toFourninesError(error)));
    }
  }
}
