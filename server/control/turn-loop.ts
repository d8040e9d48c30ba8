import { sleepMs } from '../../core/runtime/clock.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';

type Work = (signal: AbortSignal) => Promise<void>;

/** What everything that one server does at a time is given. */
export interface TurnTaking {
  /**
   * Runs the work while this server is the one that does it, and resolves when it no longer is or never was. Absent: there is
   * no other.
   */
  readonly inTurn?: ((signal: AbortSignal, work: Work) => Promise<unknown>) | undefined;
  /** How often it asks whether it is its turn, ms. */
  readonly turnMs?: number;
  readonly logger: Logger;
}

export interface TurnLoopOptions extends TurnTaking {
  /** Work of one turn, until its signal ends it. */
  readonly work: Work;
  /** Resolves when what the work asks is there; waited for before each turn. */
  readonly ready?: (signal: AbortSignal) => Promise<void>;
  /** The sentence that tells a failure. */
  readonly failure: string;
  readonly level?: 'warn' | 'error';
}

export interface TurnLoopStats {
  /** Of this process. */
  readonly failures: number;
  /** Code of the last failure, or empty. */
  readonly lastErrorCode: string;
}

const always = (signal: AbortSignal, work: Work) => work(signal);

/** Does its work in every turn that this server gets, until it is stopped. What fails is counted and told, and the next turn comes. */
export class TurnLoop {
  readonly #options: TurnLoopOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #stats: TurnLoopStats = { failures: 0, lastErrorCode: '' };

  constructor(options: TurnLoopOptions) {
    this.#options = options;
  }

  get stats(): TurnLoopStats {
    return this.#stats;
  }

  start(): void {
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Ends the turn and waits for its work to end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** For what fails and does not end the turn. Whatever a stop cuts off is no failure. */
  failed(error: unknown, context: object = {}): void {
    if (this.#stopping.signal.aborted) return;
    const { code, message } = toFourninesError(error);
    this.#stats = { failures: this.#stats.failures + 1, lastErrorCode: code };
    const { logger, failure, level = 'warn' } = this.#options;
    logger[level]({ ...context, code, reason: message }, failure);
  }

  /** Looks again and again while the turn lasts; a look that fails does not end it. */
  async repeat(turn: AbortSignal, everyMs: number, look: Work): Promise<void> {
    while (!turn.aborted) {
      await look(turn).catch((error: unknown) => this.failed(error));
      await sleepMs(everyMs, turn).catch(() => undefined);
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { work, ready, inTurn = always, turnMs = 5_000 } = this.#options;
    while (!signal.aborted) {
      try {
        await ready?.(signal);
        signal.throwIfAborted();
        await inTurn(signal, work);
      } catch (error) {
        this.failed(error);
      }
      await sleepMs(turnMs, signal).catch(() => undefined);
    }
  }
}
