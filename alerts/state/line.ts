import type { Line } from './state.ts';

/**
 * When what comes up at `at` is told: the group's wait later, so that others come along, and not before the interval since
 * the last notification is over. What escalates has waited already.
 *
 * Example: wait 30, interval 300, told at 1000: what comes up at 1100 is told at 1300, what comes up at 2000 at 2030.
 */
export function newsAtOf({ toldAt, terms }: Line, at: number): number {
  const wait = at + (terms.escalates === null ? terms.waitSeconds : 0);
  return toldAt === null ? wait : Math.max(wait, toldAt + terms.intervalSeconds);
}

/** When the group is told again if nothing new comes up; null: never. */
export function repeatAtOf({ toldAt, terms }: Line): number | null {
  const { repeatSeconds, intervalSeconds } = terms;
  return toldAt === null || repeatSeconds === null ? null : toldAt + Math.max(repeatSeconds, intervalSeconds);
}
