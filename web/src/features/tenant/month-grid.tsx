import { Link } from '@tanstack/react-router';
import { type KeyboardEvent, useRef, useState } from 'react';
import type { MonthCalendar } from '../../../../server/api/schema/slos.ts';
import { formatCount } from '../../format/count.ts';
import { useUrl } from '../../url/use-url.ts';
import { unitOf } from '../slo/model.ts';
import { VerdictBadge } from '../slo/slo-words.tsx';
import { type CellPlace, type DayCell, dayCell, moveBy } from './model.ts';

type Row = MonthCalendar['objectives'][number];

/** Objectives by days. One cell is in the order of Tab; arrow keys, Home and End walk from there. */
export function MonthGrid({ calendar, caption }: { readonly calendar: MonthCalendar; readonly caption: string }) {
  const { nowMs } = useUrl();
  const grid = useRef<HTMLTableElement>(null);
  const now = nowMs();
  const rows = calendar.objectives.map((row) => ({
    row,
    cells: row.budget.days.map((day) => ({ day: day.day, cell: dayCell(row, day, now) })),
  }));
  const days = rows[0]?.cells ?? [];
  const [place, setPlace] = useState<CellPlace>({ row: 0, day: 0 });
  const at = { row: Math.min(place.row, rows.length - 1), day: Math.min(place.day, days.length - 1) };

  function onKeyDown(event: KeyboardEvent): void {
    const next = moveBy(event.key, at, rows.length, days.length);
    if (next === null || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    setPlace(next);
    grid.current?.querySelector<HTMLElement>(`[data-cell="${next.row} ${next.day}"]`)?.focus();
  }

  return (
    <>
      <div className="table-scroll">
        {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: cells of this table are walked by arrow keys. */}
        <table className="month" role="grid" aria-label={caption} ref={grid} onKeyDown={onKeyDown}>
          <Head days={days.map(({ day }) => day)} />
          <tbody>
            {rows.map(({ row, cells }, r) => (
              <tr key={row.name}>
                <RowName row={row} />
                {cells.map(({ day, cell }, d) => (
                  <Cell
                    key={day}
                    place={`${r} ${d}`}
                    name={`${row.name}, ${day}: ${cell.words}`}
                    cell={cell}
                    inOrder={at.row === r && at.day === d}
                    take={() => setPlace({ row: r, day: d })}
                  />
                ))}
                <td className="num right">
                  {formatCount(row.figures.high.bad)} of {formatCount(row.budget.allowed)}
                </td>
                <td>
                  <VerdictBadge verdict={row.verdict} sli={row.sli} runs={row.isRunning} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="month-words num">{wordsAt(rows, at)}</p>
      <Keys />
    </>
  );
}

function Head({ days }: { readonly days: readonly string[] }) {
  return (
    <thead>
      <tr>
        <th scope="col" className="month-name">
          Objective
        </th>
        {days.map((day) => (
          <th scope="col" key={day} className={isWeekend(day) ? 'weekend' : undefined}>
            {day.slice(8)}
          </th>
        ))}
        <th scope="col" className="right month-sum">
          Bad of allowed
        </th>
        <th scope="col" className="month-verdict">
          Verdict
        </th>
      </tr>
    </thead>
  );
}

function RowName({ row }: { readonly row: Row }) {
  const { carried } = useUrl();
  return (
    <th scope="row" className="month-name">
      <Link to="/objectives/$slo" params={{ slo: row.name }} search={carried}>
        {row.name}
      </Link>{' '}
      <span className="muted small">{unitOf(row.sli)}</span>
    </th>
  );
}

function Cell(props: {
  readonly place: string;
  readonly name: string;
  readonly cell: DayCell;
  readonly inOrder: boolean;
  take(): void;
}) {
  const { place, name, cell, inOrder, take } = props;
  const classes = [
    'day',
    `day-${cell.kind}`,
    ...(cell.level > 0 ? [`day-level-${cell.level}`] : []),
    ...(cell.hasUnknown ? ['day-has-unknown'] : []),
    ...(cell.hasExcluded && cell.kind !== 'excluded' ? ['day-has-excluded'] : []),
    ...(cell.runs ? ['day-runs'] : []),
  ];
  return (
    <td data-cell={place} className={classes.join(' ')} tabIndex={inOrder ? 0 : -1} title={name} onFocus={take}>
      <span aria-hidden="true">{cell.mark}</span>
      <span className="hidden">{name}</span>
    </td>
  );
}

function wordsAt(
  rows: readonly { readonly row: Row; readonly cells: readonly { day: string; cell: DayCell }[] }[],
  at: CellPlace,
): string {
  const row = rows[at.row];
  const found = row?.cells[at.day];
  return row === undefined || found === undefined ? '' : `${row.row.name}, ${found.day}: ${found.cell.words}.`;
}

/** Saturdays and Sundays are set apart, so that a week can be seen. */
function isWeekend(day: string): boolean {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return weekday === 0 || weekday === 6;
}

function Keys() {
  const keys: [string, string, string][] = [
    ['day-good', '0', 'no bad second'],
    ['day-bad day-level-1', '5', 'some'],
    ['day-bad day-level-2', '31', 'a tenth of the budget and more'],
    ['day-bad day-level-3', '140', 'half of it'],
    ['day-bad day-level-4', '300', 'all of it'],
    ['day-unknown', '?43', 'unknown: so many may have been bad'],
    ['day-bad day-level-1 day-has-unknown', '5', 'and some unknown'],
    ['day-excluded', 'E', 'excluded'],
    ['day-good day-has-excluded', '0', 'a part excluded'],
    ['day-noTraffic', '–', 'no traffic'],
    ['day-ahead', '', 'yet to come'],
  ];
  return (
    <ul className="month-keys">
      {keys.map(([look, mark, text]) => (
        <li key={text}>
          <i className={`day ${look}`}>{mark}</i> {text}
        </li>
      ))}
    </ul>
  );
}
