/** How far the instant of fast burn rates stays behind the present for a host that has gone silent. */
export const silentBoundSeconds = 10;

/**
 * The instant at which fast burn rates are told: the end of the newest slot of which every host has told. A host that is
 * silent is waited for only so long: then its slots are missing, which freezes a tier and never calms it. Nothing is told
 * of the future, whatever a clock that is ahead says.
 *
 * Example, now 100, bound 10: hosts that have told up to 99 and 98 give 98; up to 99 and 20 give 90; none gives 90.
 *
 * @param toldUntil end of the newest slot of each host, unix seconds; undefined: never heard.
 */
export function asOf(
  toldUntil: Iterable<number | undefined>,
  now: number,
  boundSeconds: number = silentBoundSeconds,
): number {
  let at: number | undefined;
  for (const until of toldUntil) at = Math.min(at ?? Number.POSITIVE_INFINITY, until ?? Number.NEGATIVE_INFINITY);
  const second = Math.floor(now);
  return Math.max(Math.min(at ?? Number.NEGATIVE_INFINITY, second), second - boundSeconds);
}
