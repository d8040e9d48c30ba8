import { toFourninesError } from './error.ts';
import type { Logger } from './logger.ts';

/** A part that is started and stopped once. `stop` is bounded in time by the part itself and never throws for being late. */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts parts in order and stops them in reverse. When part n fails to start, parts n-1..1 are stopped and the error
 * is thrown. `stop` may be called at any time and more than once; a stop during start waits for the running step.
 */
export class Lifecycle {
  readonly #parts: readonly Part[];
  readonly #logger: Logger;
  readonly #started: Part[] = [];
  #ending: Part | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: readonly Part[], logger: Logger) {
    this.#parts = parts;
    this.#logger = logger;
  }

  start(): Promise<void> {
    this.#starting ??= this.#startAll();
    return this.#starting;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** Names of the parts that are not stopped, the one that is being stopped first. */
  get unstopped(): readonly string[] {
    const parts = [...this.#started].reverse();
    return [...(this.#ending === undefined ? [] : [this.#ending]), ...parts].map(({ name }) => name);
  }

  async #startAll(): Promise<void> {
    for (const part of this.#parts) {
      if (this.#stopping !== undefined) return;
      try {
        await part.start();
      } catch (error) {
        await this.#stopStarted();
        throw error;
      }
      this.#started.push(part);
    }
  }

  async #stopAll(): Promise<void> {
    // A failed start has already stopped what ran and told its caller.
    await this.#starting?.catch(() => undefined);
    await this.#stopStarted();
  }

  async #stopStarted(): Promise<void> {
    for (let part = this.#started.pop(); part !== undefined; part = this.#started.pop()) {
      this.#ending = part;
      try {
        await part.stop();
      } catch (error) {
        const { code, message } = toFourninesError(error);
        this.#logger.error({ part: part.name, code, reason: message }, 'part failed to stop');
      }
      this.#ending = undefined;
    }
  }
}
