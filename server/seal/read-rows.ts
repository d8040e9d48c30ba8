import { slotCauses, slotRows, slotSteps, slotsEntering } from '../store/queries/slot-rows.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import type { CauseRow, DayRows, PortRow } from './day-rows.ts';
import { portRow } from './port-row.ts';
import { withOwners } from './read-owners.ts';
import { endOf, type Path, type SealedLine } from './slot-line.ts';
import type { Uplinks } from './uplinks.ts';

/** Rows of so many seconds are read at once, s: a bound on the answer, not on the window. */
const pieceSeconds = 21_600;

/** Unix seconds, half open; at most a day. */
interface Window {
  readonly from: number;
  readonly to: number;
}

/** Every raw row of a path that begins in the window, with the owners of what it lost. */
export async function readRows(
  store: QueryContext,
  path: Path,
  { from, to }: Window,
  uplinks: Uplinks,
): Promise<DayRows> {
  const around = await readAround(store, path, { from, to });
  const ports: PortRow[] = [];
  for (let at = from; at < to; at += pieceSeconds) {
    const piece = { from: at, to: Math.min(at + pieceSeconds, to), steps: '', step: pieceSeconds };
    for (const row of await runQuery(store, slotRows, { ...path, ...piece })) ports.push(portRow(row));
  }
  // A gap may reach beyond the window, and what was lost further up then is in its sum.
  const shared = await uplinks.lossOf(store, path, {
    from,
    to: ports.reduce((most, row) => Math.max(most, endOf(row)), to),
  });
  return withOwners(store, path, { direction: path.direction, from, to, ports, sums: [], ...around, shared });
}

/**
 * The same window, with those steps of `step` seconds summed up by the store in which every slot is clean, or every slot is
 * idle, and nothing else speaks of them. By quarters of an hour a quiet day is 96 rows instead of 86,400; lines and sums
 * are the same.
 */
export async function readSummedRows(
  store: QueryContext,
  path: Path,
  { from, to }: Window,
  step: number,
  uplinks: Uplinks,
): Promise<DayRows> {
  const around = await readAround(store, path, { from, to });
  const found = await runQuery(store, slotSteps, { ...path, from, to, step });
  const shared = await uplinks.lossOf(store, path, {
    from,
    to: found.reduce((most, { reach }) => Math.max(most, reach), to),
  });
  const disturbed = new Disturbed([
    ...shared,
    ...around.entering,
    ...around.causes.filter(({ place }) => place === 'beside'),
    ...found.filter(({ at, reach }) => reach > at + step).map((row) => reaching(row, step)),
  ]);
  const sums: SealedLine[] = [];
  const singly: number[] = [];
  for (const row of found) {
    const whole = wholeStep(row, step);
    if (whole === undefined || disturbed.has({ slot: row.at, slots: step })) singly.push(row.at);
    else sums.push(whole);
  }
  const ports: PortRow[] = [];
  const stepsAtOnce = pieceSeconds / step;
  for (let i = 0; i < singly.length; i += stepsAtOnce) {
    const steps = singly.slice(i, i + stepsAtOnce).join(',');
    for (const row of await runQuery(store, slotRows, { ...path, from, to, steps, step })) ports.push(portRow(row));
  }
  return withOwners(store, path, { direction: path.direction, from, to, ports, sums, ...around, shared });
}

async function readAround(
  store: QueryContext,
  path: Path,
  window: Window,
): Promise<Pick<DayRows, 'causes' | 'entering'>> {
  const causes = await runQuery(store, slotCauses, { ...path, ...window });
  const entering = await runQuery(store, slotsEntering, { ...path, ...window });
  return { causes: causes.map(causeRow), entering };
}

interface Span {
  readonly slot: number;
  readonly slots: number;
}

/** Slots of which more than their own row speaks. */
class Disturbed {
  readonly #spans: readonly Span[];
  /** The longest of them: a bound on how far back one that touches a step can begin. */
  readonly #longest: number;

  constructor(spans: readonly Span[]) {
    this.#spans = [...spans].sort((a, b) => a.slot - b.slot);
    this.#longest = this.#spans.reduce((most, { slots }) => Math.max(most, slots), 0);
  }

  has(step: Span): boolean {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#spans[middle] as Span).slot < step.slot - this.#longest) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < this.#spans.length; i++) {
      const span = this.#spans[i] as Span;
      if (span.slot >= endOf(step)) return false;
      if (endOf(span) > step.slot) return true;
    }
    return false;
  }
}

type StepRow = RowsOf<typeof slotSteps>[number];

/** The steps that a row of an earlier one reaches into. */
function reaching({ at, reach }: StepRow, step: number): Span {
  return { slot: at + step, slots: reach - at - step };
}

function wholeStep(row: StepRow, step: number): SealedLine | undefined {
  const all = String(step);
  if (row.rows !== all || row.told !== all) return undefined;
  const sealed = row.clean === all ? 'clean' : row.idle === all ? 'idle' : undefined;
  if (sealed === undefined) return undefined;
  const offered = BigInt(row.offered);
  const totals = { slot: row.at, slots: step, offered, delivered: offered, drops: [] };
  return { state: 'sealed', class: sealed, ...totals, offeredMax: BigInt(row.offeredMax) };
}

function causeRow(row: RowsOf<typeof slotCauses>[number]): CauseRow {
  return { ...row, suspect: row.suspect === 1, packets: BigInt(row.packets) };
}
