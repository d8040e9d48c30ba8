import { slotsOfDay } from '../seal/day-slots.ts';
import { dayLines, dayOf, directionsOf, pathDays } from '../seal/path-days.ts';
import { readRows, readSummedRows } from '../seal/read-rows.ts';
import { cutLines, runSeconds } from '../seal/runs.ts';
import { daySeconds } from '../seal/seal-document.ts';
import { endOf, type Path, type SlotLine } from '../seal/slot-line.ts';
import type { Uplinks } from '../seal/uplinks.ts';
import type { Span } from '../slo/objective.ts';
import type { QueryContext } from '../store/run-query.ts';
import type { PlacedPort } from './objective-ports.ts';

/** A path of one host that is, for a time, a path of an objective. */
export interface PlacedPath {
  readonly placed: PlacedPort;
  readonly direction: Path['direction'];
}

/** What the lines of a stretch are summed up by, s: burn rates of the last days ask for minutes. */
export const minuteStep = 60;

/** Directions in which a placed port has rows or seals in a span. */
export async function placedPaths(store: QueryContext, placed: PlacedPort, span: Span): Promise<PlacedPath[]> {
  const asked = { from: Math.max(span.from, placed.from), to: Math.min(span.to, placed.to) };
  if (asked.from >= asked.to) return [];
  const found = await directionsOf(store, placed, asked);
  return found.map((direction) => ({ placed, direction }));
}

/** The lines of a day of a path, from its seal where raw rows may have gone. */
export async function readDay(
  store: QueryContext,
  path: PlacedPath,
  day: number,
  {
    step,
    nowSeconds,
    uplinks,
  }: { readonly step: number | undefined; readonly nowSeconds: number; readonly uplinks: Uplinks },
): Promise<SlotLine[]> {
  const of = storedPath(path);
  const window = { from: dayOf(day), to: dayOf(day) + daySeconds };
  const [told] = await pathDays(store, of, window, { source: 'auto', nowSeconds });
  if (told === undefined) return [];
  const lines: SlotLine[] = [];
  const asked = { window, uplinks, step: stepAround(path.placed, window, step) };
  for await (const some of dayLines(store, of, told, asked)) lines.push(...some);
  return within(lines, path.placed);
}

/** The lines of a part of a day that raw rows tell; `step` undefined: second by second. */
export async function readPart(
  store: QueryContext,
  path: PlacedPath,
  span: Span,
  { step, uplinks }: { readonly step: number | undefined; readonly uplinks: Uplinks },
): Promise<SlotLine[]> {
  const of = storedPath(path);
  const asked = stepAround(path.placed, span, step);
  const rows = await (asked === undefined
    ? readRows(store, of, span, uplinks)
    : readSummedRows(store, of, span, asked, uplinks));
  return within(slotsOfDay(rows).lines, path.placed);
}

/** No sum where a port comes or goes in the middle of it: nobody could tell how much of it is whose. */
function stepAround(placed: Span, span: Span, step: number | undefined): number | undefined {
  const cuts = [placed.from, placed.to].some((at) => at > span.from && at < span.to && at % (step ?? 1) !== 0);
  return cuts ? undefined : step;
}

function storedPath({ placed, direction }: PlacedPath): Path {
  return { host: placed.host, port: placed.port, direction };
}

/** Lines while the port was there. Of a sealed run that begins or ends with it nobody knows which part is whose. */
export function within(lines: readonly SlotLine[], { from, to }: Span): SlotLine[] {
  return lines.flatMap((line): SlotLine[] => {
    if (line.slot >= from && endOf(line) <= to) return [line];
    if (line.state !== 'sealed') return cutLines([line], { from, to }).lines;
    const slot = Math.max(line.slot, from);
    const slots = Math.min(endOf(line), to) - slot;
    return slots > 0 ? [{ state: 'unknown', slot, slots }] : [];
  });
}

/** Lines by the quarter of an hour in which they begin; what can be cut is cut at quarters. */
export function byQuarter(lines: readonly SlotLine[]): Map<number, SlotLine[]> {
  const quarters = new Map<number, SlotLine[]>();
  const put = (line: SlotLine) => {
    const quarter = line.slot - (line.slot % runSeconds);
    const found = quarters.get(quarter);
    if (found === undefined) quarters.set(quarter, [line]);
    else found.push(line);
  };
  for (const line of lines) {
    if (line.state !== 'observed') {
      put(line);
      continue;
    }
    for (let slot = line.slot; slot < endOf(line); ) {
      const end = Math.min(endOf(line), slot - (slot % runSeconds) + runSeconds);
      put({ ...line, slot, slots: end - slot });
      slot = end;
    }
  }
  return quarters;
}
