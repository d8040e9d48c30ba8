import type { Random } from './road-faults.ts';

/** Deals cards in random order, each once before any comes again: every fault has its turn. */
export class Deck<T> {
  readonly #cards: readonly T[];
  readonly #random: Random;
  #rest: T[] = [];

  constructor(cards: readonly T[], random: Random) {
    this.#cards = cards;
    this.#random = random;
  }

  get isEmpty(): boolean {
    return this.#cards.length === 0;
  }

  next(): T {
    if (this.#rest.length === 0) this.#rest = [...this.#cards];
    return this.#rest.splice(Math.floor(this.#random() * this.#rest.length), 1)[0] as T;
  }
}
