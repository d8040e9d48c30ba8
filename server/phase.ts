import { FourninesError } from '../core/runtime/error.ts';
import type { Part } from '../core/runtime/lifecycle.ts';

export type PhaseName = 'starting' | 'serving' | 'draining';

/**
 * Where a server is in its life. As a part it is started last and stopped first: it serves when everything else runs, and
 * drains before anything is taken from under it.
 */
export class Phase implements Part {
  readonly name = 'front';
  #current: PhaseName = 'starting';
  readonly #draining = new AbortController();

  get current(): PhaseName {
    return this.#current;
  }

  /** Aborted when the server begins to stop, with FN_SERVER_STOPPING. */
  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  async start(): Promise<void> {
    if (this.#current === 'starting') this.#current = 'serving';
  }

  async stop(): Promise<void> {
    this.drain();
  }

  /** From now on nothing long begins. Calling twice is allowed. */
  drain(): void {
    this.#current = 'draining';
    this.#draining.abort(new FourninesError('FN_SERVER_STOPPING', 'the server is stopping'));
  }
}
