import type { Direction } from '../../core/catalogue/kind-parts.ts';
import { portCauseIntervals } from '../store/queries/port-cause-intervals.ts';
import { portSeries, portSeriesBridges, portSeriesCauses, portSeriesParameters } from '../store/queries/port-series.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import type { PortSeries } from './schema/ports.ts';
import { type StepGrid, stepGrid } from './series.ts';
import { iso, type RequestedWindow } from './window.ts';

interface SeriesRequest {
  readonly host: string;
  readonly port: string;
  readonly window: RequestedWindow;
  readonly step: number;
}

interface Rows {
  readonly sums: RowsOf<typeof portSeries>;
  readonly causes: RowsOf<typeof portSeriesCauses>;
  readonly bridges: RowsOf<typeof portSeriesBridges>;
  readonly intervals: RowsOf<typeof portCauseIntervals>;
}

/** One port over time; without directions when nothing touches the window. */
export async function readPortSeries(store: QueryContext, request: SeriesRequest): Promise<PortSeries> {
  const { host, port, window, step } = request;
  const grid = stepGrid(window.from, window.to, step);
  const parameters = portSeriesParameters({ host, port, ...window, step });
  const [sums, causes, bridges, intervals] = await Promise.all([
    runQuery(store, portSeries, parameters),
    runQuery(store, portSeriesCauses, parameters),
    runQuery(store, portSeriesBridges, { host, port, ...window }),
    runQuery(store, portCauseIntervals, { host, port, ...window, step }),
  ]);
  const directions = [...new Set([...sums, ...bridges].map((row) => row.direction))];
  const of = <R extends { direction: Direction }>(rows: readonly R[], direction: Direction) =>
    rows.filter((row) => row.direction === direction);
  return {
    host,
    port,
    window: { from: iso(window.from), to: iso(window.to) },
    stepSeconds: step,
    at: [...grid.at],
    directions: directions.map((direction) =>
      directionSeries(direction, grid, {
        sums: of(sums, direction),
        causes: of(causes, direction),
        bridges: of(bridges, direction),
        intervals: of(intervals, direction),
      }),
    ),
  };
}

function directionSeries(direction: Direction, grid: StepGrid, rows: Rows): PortSeries['directions'][number] {
  const { sums, bridges, intervals } = rows;
  const fill = (value: (row: RowsOf<typeof portSeries>[number]) => string) =>
    grid.fill(sums.map((row) => ({ at: Number(row.at), observed: Number(row.observed), value: value(row) })));
  const packets = fill((row) => row.packets);
  const ownDrops = fill((row) => String(BigInt(row.dropsOutside) + BigInt(row.dropsInside)));
  const shown = causeSeries(grid, rows, packets);
  const beside = shown.filter(({ place }) => place === 'beside').map((cause) => cause.packets);
  return {
    direction,
    packets,
    bytes: fill((row) => row.bytes),
    drops: ownDrops.map((own, i) => sumOrNull([own, ...beside.map((values) => values[i] ?? null)])),
    causes: shown
      .filter(({ place }) => place !== 'filtered')
      .map(({ cause, packets: moved }) => ({ cause, packets: moved })),
    causeIntervals: intervals
      .filter(({ place }) => place !== 'filtered')
      .map(({ cause, from, to, packets: moved }) => ({ cause, from: iso(from), to: iso(to), packets: moved })),
    bridged: bridges.map((row) => ({
      from: iso(row.from),
      to: iso(Number(row.to)),
      packets: row.packets,
      bytes: row.bytes,
      drops: String(BigInt(row.dropsOutside) + BigInt(row.dropsInside) + BigInt(row.dropsBeside)),
    })),
  };
}

/** Each cause and place over the steps; null where only a part of a longer row falls into the step. */
function causeSeries(grid: StepGrid, { causes, intervals }: Rows, known: readonly (string | null)[]) {
  const keyOf = ({ cause, place }: { readonly cause: string; readonly place: string }) => `${cause} ${place}`;
  const crossing = Map.groupBy(intervals, keyOf);
  const told = Map.groupBy(causes, keyOf);
  return [...new Set([...told.keys(), ...crossing.keys()])].map((key) => {
    const rows = told.get(key) ?? [];
    const longer = crossing.get(key) ?? [];
    const [first] = [...rows, ...longer];
    const points = rows.map((row) => ({
      at: row.at,
      observed: grid.step,
      value: row.unknown === '0' ? row.packets : null,
    }));
    const whole = new Set(rows.map((row) => row.at));
    const parts = longer
      .flatMap((row) => stepsTouched(grid, row))
      .filter((at) => !whole.has(at))
      .map((at) => ({ at, observed: 0, value: null }));
    return {
      cause: first?.cause ?? '',
      place: first?.place ?? 'outside',
      packets: grid.fillMoved([...points, ...parts], known),
    };
  });
}

/** First seconds of the steps that a row falls into. */
function stepsTouched({ at, step }: StepGrid, row: { readonly from: number; readonly to: number }): number[] {
  const first = at[0] ?? 0;
  const from = Math.max(0, Math.floor((row.from - first) / step));
  return at.slice(from, Math.max(0, Math.ceil((row.to - first) / step)));
}

/** Null when any part is: a sum with an unknown part is unknown. */
function sumOrNull(parts: readonly (string | null)[]): string | null {
  let sum = 0n;
  for (const part of parts) {
    if (part === null) return null;
    sum += BigInt(part);
  }
  return String(sum);
}
