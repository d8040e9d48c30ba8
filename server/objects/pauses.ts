const workMsMax = 10;

/** Lets others of the process have their turn while something long is worked on, piece by piece. */
export class Pauses {
  #since = performance.now();

  /** To be awaited between two pieces. */
  async due(): Promise<void> {
    if (performance.now() - this.#since < workMsMax) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
