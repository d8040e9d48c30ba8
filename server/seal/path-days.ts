import { pathDirections, sealLines, sealList, sealListParameters } from '../store/queries/seals.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { slotsOfDay } from './day-slots.ts';
import { readRows, readSummedRows } from './read-rows.ts';
import { repeatEqual } from './runs.ts';
import { daySeconds } from './seal-document.ts';
import { decodeLine, endOf, type Path, type SlotLine } from './slot-line.ts';
import type { Uplinks } from './uplinks.ts';

/** raw: seconds as they were stored, 7 days; seals: 13 months; auto: each day from raw rows while they are all there. */
export const slotSources = ['auto', 'raw', 'seals'] as const;
export type SlotSource = (typeof slotSources)[number];

export type ListedSeal = RowsOf<typeof sealList>[number];

export interface PathDay {
  readonly from: number;
  /** Undefined: from raw rows. */
  readonly seal: ListedSeal | undefined;
}

/** Unix seconds, half open. */
interface Window {
  readonly from: number;
  readonly to: number;
}

/** Raw rows live so long after the end of their day, less an hour in which they may be going. */
const rawSeconds = 7 * daySeconds - 3600;
const linesAtOnce = 20_000;

export function dayOf(second: number): number {
  return second - (second % daySeconds);
}

/** Directions in which a port of a host has rows or seals in the window. */
export async function directionsOf(
  store: QueryContext,
  port: Pick<Path, 'host' | 'port'>,
  { from, to }: Window,
): Promise<Path['direction'][]> {
  const { host, port: name } = port;
  const found = await runQuery(store, pathDirections, { host, port: name, from, to });
  return found.map(({ direction }) => direction);
}

/** The days that a window touches and where each is told; in order; one that no seal and no raw row tells is not there. */
export async function pathDays(
  store: QueryContext,
  path: Path,
  { from, to }: Window,
  { source, nowSeconds }: { readonly source: SlotSource; readonly nowSeconds: number },
): Promise<PathDay[]> {
  const first = dayOf(from);
  const isRaw = (day: number) => source === 'raw' || (source === 'auto' && day + daySeconds + rawSeconds > nowSeconds);
  const seals = isRaw(first) ? new Map<number, ListedSeal>() : await sealsOf(store, path, { from: first, to });
  const days: PathDay[] = [];
  for (let day = first; day < to; day += daySeconds) {
    const seal = isRaw(day) ? undefined : seals.get(day);
    if (seal !== undefined || isRaw(day)) days.push({ from: day, seal });
  }
  return days;
}

/** The last revision of each day. */
async function sealsOf(store: QueryContext, path: Path, window: Window): Promise<Map<number, ListedSeal>> {
  const seals = new Map<number, ListedSeal>();
  // At most 33 days and few revisions: one page holds them.
  const rows = await runQuery(store, sealList, sealListParameters({ ...path, ...window, limit: 1001 }));
  for (const row of rows) if (row.revision >= (seals.get(row.day)?.revision ?? 0)) seals.set(row.day, row);
  return seals;
}

/**
 * The lines of a day, in order, some at a time: a sealed one's that touch the window, a raw one's all. `step`: let the
 * store sum up steps of so many seconds that are clean or idle; undefined: second by second.
 */
export async function* dayLines(
  store: QueryContext,
  path: Path,
  { from, seal }: PathDay,
  { window, uplinks, step }: { readonly window: Window; readonly uplinks: Uplinks; readonly step?: number | undefined },
): AsyncGenerator<SlotLine[]> {
  if (seal === undefined) {
    const day = { from, to: from + daySeconds };
    const rows = await (step === undefined
      ? readRows(store, path, day, uplinks)
      : readSummedRows(store, path, day, step, uplinks));
    yield repeatEqual(slotsOfDay(rows).lines);
    return;
  }
  let some: SlotLine[] = [];
  for await (const line of sealedLines(store, path, seal, window)) {
    some.push(line);
    if (some.length < linesAtOnce) continue;
    yield some;
    some = [];
  }
  yield some;
}

export async function* sealedLines(
  store: QueryContext,
  path: Path,
  { day, sha256 }: ListedSeal,
  window: Window,
): AsyncGenerator<SlotLine> {
  for (let afterN = 0; ; ) {
    const asked = { ...path, ...window, day, sha256, afterN, limit: linesAtOnce };
    const rows = await runQuery(store, sealLines, asked);
    for (const { part, line } of rows) if (part === 'slot') yield decodeLine(line);
    if (rows.length < linesAtOnce) return;
    afterN = rows.at(-1)?.n ?? afterN;
  }
}

/**
 * A gap that crosses midnight is told by the day it begins in. Whatever the next day tells of the same slots is left out,
 * so that no slot is told twice; of a line that reaches beyond them the rest is unknown, unless it can be cut.
 */
export function notTwice(lines: readonly SlotLine[], told: number): SlotLine[] {
  return lines.flatMap((line) => {
    if (line.slot >= told) return [line];
    const slots = endOf(line) - told;
    if (slots <= 0) return [];
    return line.state === 'observed' ? [{ ...line, slot: told, slots }] : [{ state: 'unknown', slot: told, slots }];
  });
}
