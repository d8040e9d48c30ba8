import type { BurnTier } from '../slo/burn.ts';
import type { Evaluation } from '../slo/evaluate.ts';
import type { Window } from '../slo/objective.ts';
import { type BreachKey, type BreachState, isOngoing } from './breach.ts';

/** A breach as its last change left it. All of it can be read back from its changes. */
export interface BreachRecord {
  readonly key: BreachKey;
  readonly window: Window;
  /** Number of its last change, from 1. */
  readonly entry: number;
  readonly state: BreachState;
  /** Burn: the fastest tier that has fired since it was opened; null: it is over. */
  readonly tier: string | null;
  /** Burn: tiers that fire, or fired when they were last known. */
  readonly held: readonly string[];
  /** Budget: the level that is reached; null: below the first. */
  readonly level: number | null;
  readonly acknowledgedBy: string | null;
  /** What speaks against the objective, as last read: bad ones of `high`, or unknown ones. Falls only by late rows. */
  readonly against: bigint;
  /** Budget and unproven: how far the window was read, unix seconds. */
  readonly until: number;
  /** Unix seconds. */
  readonly openedAt: number;
  /** Burn: which tier fired when it was opened, and each time that it became faster; unix seconds. */
  readonly fired: readonly { readonly tier: string; readonly at: number }[];
  /** Figures of the window when it was finalised or last amended; empty: it was not. */
  readonly figures: string;
  readonly amendments: number;
}

/** One step of one breach: a row that is written once and never changed. */
export interface BreachChange {
  readonly record: BreachRecord;
  /** The state before it; null: this opens the breach. */
  readonly before: BreachState | null;
  /** Unix seconds. */
  readonly at: number;
  readonly reason: string;
  /** What it rests on; null: nothing was judged for it (somebody acknowledged it), the figures before it stand. */
  readonly facts: ChangeFacts | null;
}

export interface ChangeFacts {
  readonly evaluation: Evaluation;
  /** Rows up to here were in it, unix seconds. */
  readonly until: number;
  readonly burn: readonly BurnTier[];
}

/** What is new beside a record's key: the rest stays. */
export type RecordPatch = Partial<Omit<BreachRecord, 'key' | 'window' | 'entry'>>;

export function opened(key: BreachKey, window: Window, at: number, patch: RecordPatch): BreachRecord {
  return {
    key,
    window,
    entry: 1,
    state: 'risk',
    tier: null,
    held: [],
    level: null,
    acknowledgedBy: null,
    against: 0n,
    until: 0,
    openedAt: at,
    fired: [],
    figures: '',
    amendments: 0,
    ...patch,
  };
}

/** The record after a change. Whoever acknowledged it did so for what it was: once it is worse, somebody must look again. */
export function changed(record: BreachRecord, patch: RecordPatch): BreachRecord {
  const next = { ...record, entry: record.entry + 1, ...patch };
  const isWorse = isOngoing(next.state) && next.state !== record.state;
  return isWorse ? { ...next, acknowledgedBy: null } : next;
}
