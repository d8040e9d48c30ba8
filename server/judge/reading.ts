import type { Version } from '../objects/object.ts';
import type { BurnTier } from '../slo/burn.ts';
import type { Evaluation } from '../slo/evaluate.ts';
import type { Window } from '../slo/objective.ts';

/** What an objective comes to in one window, with the exclusions and as if there were none. */
export interface WindowReading {
  readonly window: Window;
  /** Rows up to here are in it, unix seconds; slots from here to the window's end have not been. */
  readonly until: number;
  readonly evaluation: Evaluation;
  readonly withoutExclusions: Evaluation;
}

/** Why the present cannot be judged: no complete slots since then. */
export interface Stale {
  readonly since: number;
  readonly hosts: readonly string[];
}

/**
 * All that is known of an objective at an instant; what breaches, pages and feeds are made of. The same rows, objects and
 * instant give the same reading.
 */
export interface ObjectiveReading {
  readonly objective: Version<'objective'>;
  /** Unix seconds. */
  readonly at: number;
  readonly calendar: WindowReading;
  readonly rolling: WindowReading | null;
  /** T0 to T4 at their own instants: the fast ones each second, the slow ones each minute. */
  readonly burn: readonly BurnTier[];
  readonly stale: Stale | null;
}
