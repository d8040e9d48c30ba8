import { sleepMs } from '../../core/runtime/clock.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { DeliveryLog } from '../control/delivery-log.ts';
import { TurnLoop, type TurnLoopStats, type TurnTaking } from '../control/turn-loop.ts';

export interface DeliveryKeeperOptions extends TurnTaking {
  readonly log: Pick<DeliveryLog, 'forget'>;
  /** How long what was delivered is kept, days. */
  readonly keepDays: number;
  /** Resolves when the control store is open and up to date. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly nowMs: () => number;
  /** How often it looks, ms. */
  readonly everyMs?: number;
}

export interface DeliveryKeeperStats extends TurnLoopStats {
  /** Deliveries that this process has forgotten. */
  readonly forgotten: number;
}

/** Of one statement; between two of them others have the store. */
const batchMax = 500;
const pauseMs = 100;

/** Keeps the log of deliveries from growing for ever: what was delivered long ago is forgotten, and counted. */
export class DeliveryKeeper implements Part {
  readonly name = 'deliveryKeeper';
  readonly #options: DeliveryKeeperOptions;
  readonly #loop: TurnLoop;
  #forgotten = 0;

  constructor(options: DeliveryKeeperOptions) {
    this.#options = options;
    const { turnMs = 60_000, everyMs = 3_600_000 } = options;
    const work = async (turn: AbortSignal) => {
      while (!turn.aborted) {
        await this.look(turn);
        await sleepMs(everyMs, turn);
      }
    };
    this.#loop = new TurnLoop({ ...options, turnMs, work, failure: 'deliveries of long ago cannot be forgotten' });
  }

  get stats(): DeliveryKeeperStats {
    return { forgotten: this.#forgotten, ...this.#loop.stats };
  }

  async start(): Promise<void> {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
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
        this.#forgotten += batch;
        if (batch < batchMax) return;
        await sleepMs(pauseMs, signal);
      }
    } finally {
      if (forgotten > 0) logger.info({ deliveries: forgotten, keepDays }, 'deliveries of long ago were forgotten');
    }
  }
}
