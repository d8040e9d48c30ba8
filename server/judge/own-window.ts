import type { Objective, Span, Window } from '../slo/objective.ts';
import { judgedAt } from '../slo/window.ts';

/** The window of an objective at one instant after the other; a calendar is asked only when a window is over. */
export class OwnWindow {
  readonly #objective: Objective;
  #first: Window | undefined;
  #last: Window | undefined;

  constructor(objective: Objective) {
    this.#objective = objective;
  }

  /** Before a calendar window begins: the first one. */
  at(at: number): Window {
    const { window } = this.#objective;
    if (window.rolling) return judgedAt(this.#objective, at).window;
    const last = this.#last;
    if (last !== undefined && at > last.from && at <= last.to) return last;
    this.#first ??= judgedAt(this.#objective, undefined).window;
    this.#last = at <= this.#first.to ? this.#first : judgedAt(this.#objective, at).window;
    return this.#last;
  }

  /** Of a gap that an end of the window at an instant lies in nobody knows what lies on which side. */
  cuts({ from, to }: Span, at: number): boolean {
    const window = this.at(at);
    return (from < window.from && window.from < to) || (from < window.to && window.to < to);
  }
}
