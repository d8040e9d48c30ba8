import { FourninesError } from '../../../core/runtime/error.ts';

/** One holder at a time, in order of asking; a bounded number may wait. */
export class Turns {
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /** Resolves with the turn, which ends when it is disposed; rejects with the signal's reason or FN_CONTROL_AWAY. */
  async take(signal: AbortSignal): Promise<Disposable> {
    if (this.#taken) await this.#wait(signal);
    this.#taken = true;
    return { [Symbol.dispose]: () => this.#pass() };
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) {
      throw new FourninesError('FN_CONTROL_AWAY', 'too many calls wait for the control store');
    }
    return new Promise((resolve, reject) => {
      const onTurn = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(onTurn), 1);
        reject(signal.reason);
      };
      this.#waiting.push(onTurn);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #pass(): void {
    const next = this.#waiting.shift();
    // Handed on without a moment in which it is free, so that nobody cuts in.
    if (next === undefined) this.#taken = false;
    else next();
  }
}
