import { sleepMs } from '../../core/runtime/clock.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { DeliveryLog } from '../control/delivery-log.ts';

type InTurn = (signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>) => Promise<unknown>;

export interface DeliveryKeeperOptions {
  readonly log: Pick<DeliveryLog, 'forget'>;
  /** How long what was delivered is kept, days. */
  readonly keepDays: number;
  /** Resolves when the control store is open and up to date. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Runs the work while this server is the one that forgets. Absent: there is no other. */
  readonly inTurn?: InTurn | undefined;
  readonly nowMs: () => number;
  readonly logger: Logger;
  /** How often it looks, ms. */
  readonly everyMs?: number;
  /** How often it asks whether it is its turn, ms. */
  readonly turnMs?: number;
}

export interface DeliveryKeeperStats {
  /** Deliveries that this process has forgotten. */
  readonly forgotten: number;
  readonly failures: number;
  /** Code of the last failure, or empty. */
  readonly lastErrorCode: string;
}

/** Of one statement; between two of them others have the store. */
const batchMax = 500;
const pauseMs = 100;
const always: InTurn = (signal, work) => work(signal);

/** Keeps the log of deliveries from growing for ever: what was delivered long ago is forgotten, and counted. */
export class DeliveryKeeper implements Part {
  readonly name = 'deliveryKeeper';
  readonly #options: DeliveryKeeperOptions;
  readonly #stopping = new AbortController();
  #stats = { forgotten: 0, failures: 0, lastErrorCode: '' };
  #work: Promise<void> | undefined;

  constructor(options: DeliveryKeeperOptions) {
    this.#options = options;
  }

  get stats(): DeliveryKeeperStats {
    return { ...this.#stats };
  }

  async start(): Promise<void> {
    this.#work = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  /** Forgets all that is due. Rejects when the control store does, or with the signal. */
  async look(signal: AbortSignal): Promise<void> {
    const { log, keepDays, nowMs, logger } = this.#options;
    const beforeMs = nowMs() - keepDays * 86_400_000;
    let forgotten = 0;
    try {
      for (;;) {
        signal.throwIfAborted();
        const batch = await log.forget(beforeMs, batchMax);
        forgotten += batch;
        this.#stats.forgotten += batch;
        if (batch < batchMax) return;
        await sleepMs(pauseMs, signal);
      }
    } finally {
      if (forgotten > 0) logger.info({ deliveries: forgotten, keepDays }, 'deliveries of long ago were forgotten');
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { inTurn = always, ready, everyMs = 3_600_000, turnMs = 60_000 } = this.#options;
    await ready(signal).catch(() => undefined);
    const looking = async (turn: AbortSignal) => {
      while (!turn.aborted) {
        await this.look(turn);
        await sleepMs(everyMs, turn);
      }
    };
    while (!signal.aborted) {
      await inTurn(signal, looking).catch((error: unknown) => this.#failed(error));
      await sleepMs(turnMs, signal).catch(() => undefined);
    }
  }

  #failed(error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    const { code, message } = toFourninesError(error);
    this.#stats.failures++;
    this.#stats.lastErrorCode = code;
    this.#options.logger.warn({ code, reason: message }, 'deliveries of long ago cannot be forgotten');
  }
}
