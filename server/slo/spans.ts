import type { Span } from './objective.ts';

/** Spans in order, those that overlap or touch made one. */
function unionOf(spans: readonly Span[]): Span[] {
  const out: { from: number; to: number }[] = [];
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else out.push({ from, to });
  }
  return out;
}

/** Places where a row may be cut: the ends of the window and of exclusions. */
export class Cuts {
  readonly #at: readonly number[];
  readonly #excluded: readonly Span[];

  constructor(window: Span | undefined, exclusions: readonly Span[]) {
    this.#excluded = unionOf(exclusions);
    const ends = [...(window === undefined ? [] : [window]), ...this.#excluded].flatMap(({ from, to }) => [from, to]);
    this.#at = [...new Set(ends)].sort((a, b) => a - b);
  }

  /** The first cut behind `from`; Infinity: none. */
  next(from: number): number {
    let low = 0;
    let high = this.#at.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#at[middle] as number) > from) high = middle;
      else low = middle + 1;
    }
    return this.#at[low] ?? Number.POSITIVE_INFINITY;
  }

  /** Whether the slots from here to the next cut are excluded. */
  excludedAt(slot: number): boolean {
    let low = 0;
    let high = this.#excluded.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#excluded[middle] as Span).to > slot) high = middle;
      else low = middle + 1;
    }
    const span = this.#excluded[low];
    return span !== undefined && span.from <= slot;
  }
}
