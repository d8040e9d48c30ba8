/** Wakes one waiter; a call while nobody waits is remembered once. */
export class Wake {
  #called = false;
  #resolve: (() => void) | undefined;

  wake(): void {
    this.#called = true;
    this.#resolve?.();
  }

  async next(): Promise<void> {
    if (!this.#called) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
      });
      this.#resolve = undefined;
    }
    this.#called = false;
  }
}
