import { FourninesError, toFourninesError } from '../../../core/runtime/error.ts';
import type { LaneStats, QueryParameters } from '../engine.ts';

/** A statement on its way. Settled exactly once, through `resolve` or `reject`; what comes later is ignored. */
export interface Call {
  readonly id: number;
  readonly sql: string;
  readonly parameters: QueryParameters | undefined;
  readonly queuedAtMs: number;
  startedAtMs: number | undefined;
  resolve(text: string): void;
  reject(error: unknown): void;
}

export interface LaneOptions {
  readonly queuedMax: number;
  readonly nowMs: () => number;
  /** Hands the call to the engine; its end is told by `finish`. */
  readonly send: (call: Call) => void;
}

/** One statement at a time in order of arrival, and a bounded queue behind it. */
export class LaneQueue {
  readonly #options: LaneOptions;
  #queue: Call[] = [];
  #running: Call | undefined;
  #open = false;
  #started = 0;
  #waitedMsSum = 0;
  #waitedMsMax = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get running(): Call | undefined {
    return this.#running;
  }

  open(): void {
    this.#open = true;
    this.#next();
  }

  /** Ends all calls, the running one too, and takes no more until `open`. */
  shut(error: FourninesError): void {
    this.#open = false;
    const calls = this.#running === undefined ? this.#queue : [this.#running, ...this.#queue];
    this.#running = undefined;
    this.#queue = [];
    for (const call of calls) call.reject(error);
  }

  push(call: Call): void {
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
  drop(call: Call): boolean {
    const at = this.#queue.indexOf(call);
    if (at >= 0) this.#queue.splice(at, 1);
    return at >= 0;
  }

  /** The engine is done with the running call. */
  finish(id: number, settle: (call: Call) => void): void {
    const call = this.#running;
    if (call === undefined || call.id !== id) return;
    this.#running = undefined;
    settle(call);
    this.#next();
  }

  stats(): LaneStats {
    const now = this.#options.nowMs();
    const startedAtMs = this.#running?.startedAtMs;
    return {
      queued: this.#queue.length,
      oldestWaitMs: this.#queue[0] === undefined ? 0 : now - this.#queue[0].queuedAtMs,
      runningMs: startedAtMs === undefined ? undefined : now - startedAtMs,
      started: this.#started,
      waitedMsSum: this.#waitedMsSum,
      waitedMsMax: this.#waitedMsMax,
    };
  }

  #next(): void {
    if (!this.#open || this.#running !== undefined) return;
    const call = this.#queue.shift();
    if (call === undefined) return;
    const now = this.#options.nowMs();
    call.startedAtMs = now;
    this.#running = call;
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
