import { randomUUID } from 'node:crypto';
import { FourninesError, toFourninesError } from '../core/runtime/error.ts';
import type { ControlPart } from './control/control-part.ts';
import { Turn } from './control/turn.ts';

/** A schema is brought up to date by one server; the others wait so long for it. */
const migrationWaitMs = 300_000;
const migrationLeaseMs = 60_000;

/** What only one of several servers does at a time. With a control store of its own there is no other server. */
export class Turns {
  readonly #control: ControlPart;
  readonly #holder = randomUUID();

  constructor(control: ControlPart) {
    this.#control = control;
  }

  forSealing(ttlMs: number) {
    return this.#only('sealer', ttlMs);
  }

  forOwners(ttlMs: number) {
    return this.#only('owners', ttlMs);
  }

  forBreaches(ttlMs: number) {
    return this.#only('breaches', ttlMs);
  }

  forAlerts(ttlMs: number) {
    return this.#only('alerts', ttlMs);
  }

  forDeliveries(ttlMs: number) {
    return this.#only('deliveries', ttlMs);
  }

  forDeliveryLog(ttlMs: number) {
    return this.#only('delivery-log', ttlMs);
  }

  forCredits(ttlMs: number) {
    return this.#only('monthly-credits', ttlMs);
  }

  #only(name: string, ttlMs: number) {
    if (this.#control.alone) return undefined;
    const turn = new Turn({ control: this.#control.store, name, holder: this.#holder, ttlMs });
    return async (signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>) => {
      await this.#control.ready(signal);
      await turn.take(signal, work).catch((error: unknown) => {
        // A control store that is away is told of by those who cannot go on without it.
        if (!toFourninesError(error).retryable) throw error;
      });
    };
  }

  forAdvice(ttlMs: number) {
    return this.#only('advice', ttlMs);
  }

  forMigration() {
    if (this.#control.alone) return undefined;
    const of = { control: this.#control.store, name: 'store-migration', holder: this.#holder };
    const turn = new Turn({ ...of, ttlMs: migrationLeaseMs });
    return async (work: () => Promise<void>) => {
      const late = new AbortController();
      const why = 'the schema of the store has to be changed, and no turn to do it came';
      const timer = setTimeout(() => late.abort(new FourninesError('FN_CONTROL_TIMEOUT', why)), migrationWaitMs);
      try {
        await this.#control.ready(late.signal);
        await turn.takeWhenFree(late.signal, work);
      } finally {
        clearTimeout(timer);
      }
    };
  }
}
