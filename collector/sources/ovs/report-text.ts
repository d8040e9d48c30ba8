/**
 * The reports of ovs-appctl are made for people and change between versions. Their parsers take what they know, never
 * throw, and say what they passed over: a count that rises after an upgrade is how a new form is noticed.
 */
export interface PassedOver {
  /** Lines, or parts of a line, that were not understood. */
  readonly unknownLines: number;
  /** The first of them, cut to a readable length. */
  readonly unknownSamples: readonly string[];
}

const samplesMax = 5;
const sampleCharactersMax = 200;

export class UnknownLines {
  #count = 0;
  readonly #samples: string[] = [];

  add(line: string): void {
    this.#count++;
    if (this.#samples.length < samplesMax) this.#samples.push(line.slice(0, sampleCharactersMax));
  }

  result(): PassedOver {
    return { unknownLines: this.#count, unknownSamples: this.#samples };
  }
}

const counterMax = (1n << 64n) - 1n;

/** A counter of up to 64 bits; undefined for `?`, which stands for a value that is not known, and anything else. */
export function counterOf(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= counterMax ? value : undefined;
}

/** A small number such as a port, a core or a queue; undefined for anything else. */
export function smallNumberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** A printed share or rate; undefined for nan, inf and whatever is no plain decimal number. For display, not for sums. */
export function decimalOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
}
