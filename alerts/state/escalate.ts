import type { AlertRecord, LineTerms } from './state.ts';

/**
 * When further receivers are told of an alert, by the machine's time; null: not as it stands, because nobody was told yet or
 * somebody has acknowledged it. The time runs from when the first of the route's own was told, and anew from when an
 * acknowledgement was taken back.
 *
 * Example: told at 100 s, after 300 s: at 400 s; acknowledged at 200 s and worse at 250 s: at 550 s.
 */
export function escalatesAt(
  { told, acknowledged, openSince }: Pick<AlertRecord, 'told' | 'acknowledged' | 'openSince'>,
  { from, afterSeconds }: NonNullable<LineTerms['escalates']>,
): number | null {
  if (acknowledged !== null) return null;
  const since = told.filter(({ receiver }) => from.includes(receiver)).map((each) => each.since);
  return since.length === 0 ? null : Math.max(Math.min(...since), openSince) + afterSeconds;
}
