import type { Version } from '../objects/object.ts';
import type { TimedBurnTier } from '../slo/burn.ts';
import type { Evaluation } from '../slo/evaluate.ts';
import type { Pace } from '../slo/exhaustion.ts';
import type { Exclusion, Span, Window } from '../slo/objective.ts';
import type { Facts } from './window-reading.ts';

/** What an objective comes to in one window, with the exclusions and as if there were none. */
export interface WindowReading {
  readonly window: Window;
  /** Rows up to here are in it, unix seconds; slots from here to the window's end have not been. */
  readonly until: number;
  /** Of the whole window: what is yet to come is unknown. */
  readonly evaluation: Evaluation;
  /** Of the part that has passed, [from, until); at the end of the window the same. */
  readonly elapsed: Evaluation;
  /** The elapsed part as if nothing were excluded. */
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
  readonly burn: readonly TimedBurnTier[];
  readonly stale: Stale | null;
  /** How fast the budget goes, by the last hour; absent: too little of it is known. */
  readonly pace?: Pace | undefined;
}

/** Other terms than those that hold: what if. */
export interface OtherTerms {
  /** Decimals, as in a document. */
  readonly target?: string;
  readonly lossRatioMax?: string;
  readonly run?: number;
}

export interface JudgeRequest {
  readonly objective: Version<'objective'>;
  /** Any window; a calendar one ends where the zone says. */
  readonly window: Window;
  readonly exclusions: readonly Exclusion[];
  readonly terms?: OtherTerms;
  /** Rows up to here are asked for, and burn rates end here, unix seconds; absent: the window's end. */
  readonly until?: number;
  /** Second by second in here, which burn rates need; elsewhere runs of clean and idle seconds do. */
  readonly verbatim?: Span;
}

/** Who gives readings and evaluates what is stored. */
export interface Judging {
  readings(): readonly ObjectiveReading[];
  reading(name: string): ObjectiveReading | undefined;
  /**
   * Called with each new reading: each second where something burns or has burnt, else at each look at the store. Gives what
   * ends it.
   */
  onReading(listener: (reading: ObjectiveReading) => void): () => void;
  /** All that is known of a window: from memory where it is followed, else from the store. */
  facts(objective: Version<'objective'>, window: Window, signal: AbortSignal): Promise<Facts>;
  /** Reads the store; FN_SLOTS_FILE where a sealed run would be cut. */
  judge(request: JudgeRequest, signal: AbortSignal): Promise<Evaluation>;
  /**
   * The rows behind it as lines of `formats`, under the port names of the objective, each with its break. With
   * `outOfContract` of the version beside the exclusions they give what `judge` gives.
   */
  rows(request: Omit<JudgeRequest, 'exclusions' | 'terms'>, signal: AbortSignal): AsyncIterable<string>;
}
