import { slotCauses, slotQuarters, slotRows, slotsEntering } from '../store/queries/slot-rows.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import type { CauseRow, DayRows, PortRow } from './day-rows.ts';
import { runSeconds } from './runs.ts';
import { daySeconds } from './seal-document.ts';
import { endOf, type Path, type SealedLine } from './slot-line.ts';

/** Rows of so many seconds are read at once, s: a bound on the answer, not on the day. */
const pieceSeconds = 21_600;

/** Every raw row of a path that begins in the day. */
export async function readWholeDay(store: QueryContext, path: Path, from: number): Promise<DayRows> {
  const to = from + daySeconds;
  const around = await readAround(store, path, from);
  const ports: PortRow[] = [];
  for (let at = from; at < to; at += pieceSeconds) {
    const rows = await runQuery(store, slotRows, { ...path, from: at, to: at + pieceSeconds, quarters: '' });
    for (const row of rows) ports.push(portRow(row));
  }
  return { direction: path.direction, from, to, ports, quarters: [], ...around };
}

/**
 * The same day, with the quarters of an hour summed up by the store in which every slot is clean, or every slot is idle,
 * and nothing else speaks of them. A quiet day is 96 rows instead of 86,400; lines and sums are the same.
 */
export async function readSummedDay(store: QueryContext, path: Path, from: number): Promise<DayRows> {
  const to = from + daySeconds;
  const around = await readAround(store, path, from);
  const found = await runQuery(store, slotQuarters, { ...path, from, to });
  const disturbing = [
    ...around.entering,
    ...around.causes.filter(({ place }) => place === 'beside'),
    ...found.filter(({ quarter, reach }) => reach > quarter + runSeconds).map(reaching),
  ];
  const quarters: SealedLine[] = [];
  const singly: number[] = [];
  for (const row of found) {
    const whole = wholeQuarter(row);
    const disturbed = disturbing.some((span) => span.slot < row.quarter + runSeconds && endOf(span) > row.quarter);
    if (whole === undefined || disturbed) singly.push(row.quarter);
    else quarters.push(whole);
  }
  const ports: PortRow[] = [];
  const quartersAtOnce = pieceSeconds / runSeconds;
  for (let i = 0; i < singly.length; i += quartersAtOnce) {
    const chosen = singly.slice(i, i + quartersAtOnce).join(',');
    for (const row of await runQuery(store, slotRows, { ...path, from, to, quarters: chosen }))
      ports.push(portRow(row));
  }
  return { direction: path.direction, from, to, ports, quarters, ...around };
}

async function readAround(
  store: QueryContext,
  path: Path,
  from: number,
): Promise<Pick<DayRows, 'causes' | 'entering'>> {
  const window = { ...path, from, to: from + daySeconds };
  const causes = await runQuery(store, slotCauses, window);
  const entering = await runQuery(store, slotsEntering, window);
  return { causes: causes.map(causeRow), entering };
}

/** The quarters that a row of an earlier one reaches into. */
function reaching({ quarter, reach }: RowsOf<typeof slotQuarters>[number]) {
  return { slot: quarter + runSeconds, slots: reach - quarter - runSeconds };
}

function wholeQuarter(row: RowsOf<typeof slotQuarters>[number]): SealedLine | undefined {
  const all = String(runSeconds);
  if (row.rows !== all || row.told !== all) return undefined;
  const sealed = row.clean === all ? 'clean' : row.idle === all ? 'idle' : undefined;
  if (sealed === undefined) return undefined;
  const offered = BigInt(row.offered);
  const totals = { slot: row.quarter, slots: runSeconds, offered, delivered: offered, drops: [] };
  return { state: 'sealed', class: sealed, ...totals, offeredMax: BigInt(row.offeredMax) };
}

function portRow(row: RowsOf<typeof slotRows>[number]): PortRow {
  return {
    slot: row.slot,
    slots: row.slots,
    state: row.state,
    suspect: row.suspect === 1,
    packets: BigInt(row.packets),
    dropsOutside: BigInt(row.dropsOutside),
    dropsInside: BigInt(row.dropsInside),
  };
}

function causeRow(row: RowsOf<typeof slotCauses>[number]): CauseRow {
  return { ...row, suspect: row.suspect === 1, packets: BigInt(row.packets) };
}
