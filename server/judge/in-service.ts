import type { Version } from '../objects/object.ts';
import { lastSecond } from '../slo/instant.ts';
import type { Exclusion, Span } from '../slo/objective.ts';

/**
 * The part of a window in which a version of an objective does not hold, as exclusions: before its contract began, after
 * it ended. So a month that begins or ends with a contract has the budget of its own length, and files of rows,
 * objectives and exclusions reproduce it.
 */
export function outOfContract(version: Pick<Version, 'from' | 'to' | 'version'>, window: Span): Exclusion[] {
  const of = (from: number, to: number, reason: string): Exclusion[] =>
    from < to ? [{ from, to, category: 'outOfContract', reason, approvedBy: 'the contract' }] : [];
  const { from, to } = version;
  return [
    ...of(window.from, Math.min(from, window.to), `version ${version.version} of the objective begins later`),
    ...(to === null
      ? []
      : of(Math.max(to, window.from), window.to, `version ${version.version} of the objective ended`)),
  ];
}

/** The same for all time: burn rates look back over ends of windows. */
export function outsideOf(version: Pick<Version, 'from' | 'to' | 'version'>): Exclusion[] {
  return outOfContract(version, { from: 0, to: lastSecond });
}
