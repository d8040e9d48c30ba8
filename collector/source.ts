import type { Kind } from '../core/catalogue/columns.ts';
import type { Accumulator } from './accumulator.ts';

/** One beat of the collector. */
export interface Tick {
  /** Unix second that has just begun: the tick closes slot `boundary - 1`. */
  readonly boundary: number;
  /** Rows written on change are written whether they changed or not. */
  readonly keyFrame: boolean;
  /** Aborted at the source's deadline and when the collector stops. */
  readonly signal: AbortSignal;
}

/**
 * Something that is read once a second.
 *
 * Promises to a source: `gather` never runs twice at the same time; `start` is called before the first gather and after
 * a `stop`; what an unfinished or failed gather wrote into its accumulator is thrown away whole.
 * Promises of a source: it writes rows of `kinds` only; a throw means that this tick failed (FN_SOURCE_FATAL: that it can
 * never work here); it gives up when the signal aborts.
 */
export interface Source {
  readonly name: string;
  readonly kinds: readonly Kind[];
  start?(): Promise<void>;
  gather(tick: Tick, into: Accumulator): Promise<void> | void;
  /** The bus has taken what the last gather wrote: what the source remembers of it may move on. */
  kept?(): void;
  stop?(): Promise<void>;
}
