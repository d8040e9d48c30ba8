import { useState } from 'react';
import type { Budget, SloDetail, WindowFigures } from '../../../../server/api/schema/slos.ts';
import { useBudget } from '../../api/slos.ts';
import { BurnDownChart } from '../../charts/burn-down-chart.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty } from '../../components/states.tsx';
import { formatCount } from '../../format/count.ts';
import { formatWindow } from '../../format/zone-time.ts';
import { useUrl } from '../../url/use-url.ts';
import { type Sli, unitOf } from '../slo/model.ts';
import { type BudgetRow, budgetRows, budgetSummary } from './model.ts';

/** The budget of the month, day by day: where it went, what nobody knows, and how it may end. */
export function BudgetPanel({ slo }: { readonly slo: SloDetail }) {
  const budget = useBudget(slo.name, undefined);
  return (
    <QueryView query={budget} what="budget">
      {(found) =>
        found.days.length === 0 ? (
          <Empty title="No day has begun">The first window of this objective is yet to come.</Empty>
        ) : (
          <BudgetPicture slo={slo} budget={found} window={slo.calendar} />
        )
      }
    </QueryView>
  );
}

function BudgetPicture(props: {
  readonly slo: SloDetail;
  readonly budget: Budget;
  readonly window: WindowFigures | null;
}) {
  const { slo, budget, window } = props;
  const { nowMs } = useUrl();
  const [asTable, setAsTable] = useState(false);
  const now = nowMs();
  const rows = budgetRows(budget);
  const forecast = window?.window.from === budget.window.from ? (window?.forecast ?? null) : null;
  const guess =
    forecast === null ? null : { bad: BigInt(forecast.bad), low: BigInt(forecast.low), high: BigInt(forecast.high) };
  const unit = unitOf(slo.sli);
  return (
    <section className="panel" aria-label="Budget by day">
      <header className="panel-head">
        <h2>
          Budget by day <span className="muted num">{formatWindow(budget.window)}</span>{' '}
          <span className="muted">{budget.window.zone}</span>
        </h2>
        <button type="button" className="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          Show as {asTable ? 'picture' : 'table'}
        </button>
      </header>
      {asTable ? (
        <BudgetTable rows={rows} sli={slo.sli} />
      ) : (
        <>
          <BurnDownChart
            days={rows}
            allowed={BigInt(budget.allowed)}
            guess={guess}
            untilSeconds={Math.floor(now / 1_000)}
            summary={budgetSummary(budget, rows, slo.sli)}
            topLabel={`${formatCount(budget.allowed)} bad ${unit} allowed`}
          />
          <ul className="burn-keys">
            <li>
              <i className="key key-line" /> left of the budget
            </li>
            <li>
              <i className="key key-unknown" /> unknown: if all of it was bad
            </li>
            {guess === null ? null : (
              <li>
                <i className="key key-cone" /> forecast, an estimate: 95 % between {formatCount(guess.low)} and{' '}
                {formatCount(guess.high)} bad {unit} at the end
              </li>
            )}
          </ul>
        </>
      )}
    </section>
  );
}

function BudgetTable({ rows, sli }: { readonly rows: readonly BudgetRow[]; readonly sli: Sli }) {
  const unit = unitOf(sli);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="table-scroll chart-table" aria-label="Budget by day, as a table" tabIndex={0}>
      <table>
        <caption className="hidden">Budget by day, {unit}</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            {[`Bad ${unit}`, 'May have been', `All ${unit}`, 'Excluded path-s', 'Spent to its end', 'Left'].map(
              (name) => (
                <th scope="col" className="right" key={name}>
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows
            .filter(({ isAhead }) => !isAhead)
            .map((row) => (
              <tr key={row.day}>
                <th scope="row" className="num">
                  {row.day}
                </th>
                <td className="num right">{formatCount(row.bad)}</td>
                <td className="num right">{formatCount(row.unsure)}</td>
                <td className="num right">{formatCount(row.total)}</td>
                <td className="num right">{formatCount(`${row.excluded}`)}</td>
                <td className="num right">{formatCount(row.spentTo)}</td>
                <td className="num right">{formatCount(row.left)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}
