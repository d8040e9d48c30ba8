/**
 * Whoever writes what belongs together into both stores passes here; a snapshot of them holds the gate until nobody is
 * inside. A hold that is wanted goes first: passes asked for later wait, so that it comes in bounded time.
 */
export class WriteGate {
  #inside = 0;
  #held = false;
  /** Woken at each change. */
  readonly #waiting = new Set<() => void>();

  /** Resolves with a pass, which ends when it is disposed; rejects with the signal's reason. */
  async pass(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    while (this.#held) await this.#change(signal);
    this.#inside++;
    return once(() => {
      this.#inside--;
      this.#wake();
    });
  }

  /** Resolves when nobody is inside, and nobody comes in until it is disposed; rejects with the signal's reason. */
  async hold(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    while (this.#held) await this.#change(signal);
    this.#held = true;
    const held = once(() => {
      this.#held = false;
      this.#wake();
    });
    try {
      while (this.#inside > 0) await this.#change(signal);
      return held;
    } catch (error) {
      held[Symbol.dispose]();
      throw error;
    }
  }

  async #change(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal.reason);
    this.#waiting.add(resolve);
    signal.addEventListener('abort', onAbort, { once: true });
    await promise.finally(() => {
      this.#waiting.delete(resolve);
      signal.removeEventListener('abort', onAbort);
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}

function once(end: () => void): Disposable {
  let ended = false;
  return {
    [Symbol.dispose]: () => {
      if (!ended) end();
      ended = true;
    },
  };
}
