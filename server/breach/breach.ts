/**
 * What a breach is about. `burn`: the budget goes too fast (a tier fires). `budget`: what was promised for the window is
 * proven broken, whatever else comes. `unproven`: what nobody knows of the window is more than the budget that is left.
 * `stale`: the present cannot be judged, because nothing comes; it neither fires nor ends any of the others.
 */
export const breachSubjects = ['burn', 'budget', 'unproven', 'stale'] as const;
export type BreachSubject = (typeof breachSubjects)[number];

/**
 * `risk`: it may come to a broken promise; `open`: the promise is broken as far as is known; `resolved`: the facts stand,
 * but they no longer go on; `retracted`: late rows or an exclusion took the facts away; `finalised`: the window is closed
 * and nothing is awaited; `amended`: late rows changed a finalised one.
 */
export const breachStates = ['risk', 'open', 'resolved', 'retracted', 'finalised', 'amended'] as const;
export type BreachState = (typeof breachStates)[number];

/** Share of the budget that is gone, in percent of what the whole window allows. */
export const budgetLevels = [50, 75, 90, 100] as const;

/** It goes on: somebody should look at it. */
export function isOngoing(state: BreachState): boolean {
  return state === 'risk' || state === 'open';
}

/** What a breach is called by; two that agree in all of it are one. */
export interface BreachKey {
  /** Of the objective. */
  readonly version: number;
  /** Start of the calendar window, unix seconds. */
  readonly windowFrom: number;
  readonly subject: BreachSubject;
  /** Numbers the breaches of one subject and window from 1. */
  readonly ordinal: number;
}
