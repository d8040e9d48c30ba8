/** The end of what a tick may take. */
export class Deadline {
  readonly #endMs: number;
  readonly #signal: AbortSignal;

  constructor(ms: number, signal: AbortSignal) {
    this.#endMs = performance.now() + ms;
    this.#signal = signal;
  }

  get leftMs(): number {
    return this.#signal.aborted ? 0 : Math.max(0, this.#endMs - performance.now());
  }

  /** What the promise gives, or undefined when that takes longer; it then goes on alone. */
  async within<T>(promise: Promise<T>): Promise<T | undefined> {
    if (this.leftMs <= 0) return undefined;
    const { promise: end, resolve } = Promise.withResolvers<undefined>();
    const onAbort = () => resolve(undefined);
    const timer = setTimeout(onAbort, this.leftMs);
    this.#signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([promise, end]);
    } finally {
      clearTimeout(timer);
      this.#signal.removeEventListener('abort', onAbort);
    }
  }
}
