import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Slo, WindowFigures } from '../../../../server/api/schema/slos.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { formatCount } from '../../format/count.ts';
import { formatInZone } from '../../format/zone-time.ts';
import type { Search, Sort } from '../../url/search.ts';
import {
  affordText,
  budgetView,
  burnRank,
  exhaustionRank,
  exhaustionText,
  forecastText,
  leadingWindow,
  promiseText,
  states,
  termsText,
  unsureText,
} from './model.ts';
import { affordLook, BudgetBar, BurnMarks, CoverageWords, SloState } from './slo-words.tsx';

export function SloTable(props: {
  readonly slos: readonly Slo[];
  readonly carried: Search;
  readonly sort: Sort | null;
  onSort(sort: Sort): void;
}) {
  const { slos, carried, sort, onSort } = props;
  const columns = useMemo(() => columnsOf(carried), [carried]);
  return (
    <DataTable
      caption="Objectives"
      columns={columns}
      rows={slos}
      rowKey={({ name }) => name}
      sort={sort}
      defaultSort={{ id: 'state', desc: false }}
      onSort={onSort}
      minWidth={1180}
      tall
    />
  );
}

/** Rows of the same state keep the order in which the server gave them: by what is left. */
function columnsOf(carried: Search): Column<Slo>[] {
  return [
    {
      id: 'name',
      header: 'Objective',
      width: 1.8,
      sortBy: ({ name }) => name,
      cell: ({ name, service, tenant }) => (
        <>
          <Link to="/objectives/$slo" params={{ slo: name }} search={carried}>
            {name}
          </Link>
          <span className="second">
            {service}
            {tenant === null ? (
              ' · no tenant'
            ) : (
              <>
                {' · '}
                <Link to="/tenants/$tenant" params={{ tenant }} search={carried}>
                  {tenant}
                </Link>
              </>
            )}
          </span>
        </>
      ),
    },
    {
      id: 'state',
      header: 'State',
      width: 1.1,
      sortBy: ({ state }) => states.indexOf(state),
      cell: (slo) => <SloState state={slo.state} />,
    },
    {
      id: 'target',
      header: 'Promise',
      width: 1.65,
      sortBy: ({ target }) => target,
      cell: (slo) => (
        <>
          <span className="num">{promiseText(slo)}</span>
          <span className="second">{termsText(slo)}</span>
        </>
      ),
    },
    {
      id: 'left',
      header: 'Budget',
      unit: 'of the window',
      width: 2.95,
      sortBy: (slo) => leftShare(leadingWindow(slo)),
      cell: (slo) => <BudgetCell slo={slo} />,
    },
    {
      id: 'gone',
      header: 'Spent',
      unit: 'at this pace',
      width: 1.2,
      sortBy: (slo) => judged(slo, exhaustionRank),
      cell: (slo) => judged(slo, (window) => <ExhaustionCell window={window} />),
    },
    {
      id: 'burn',
      header: 'Burn',
      unit: 'T0–T4',
      width: 1.15,
      sortBy: ({ burn }) => burnRank(burn),
      cell: ({ burn }) => <BurnMarks burn={burn} />,
    },
    {
      id: 'coverage',
      header: 'Known',
      width: 1.15,
      sortBy: (slo) => judged(slo, ({ coverage }) => coverageRank(coverage)),
      cell: (slo) => judged(slo, (window) => <CoverageWords window={window} />),
    },
    {
      id: 'forecast',
      header: 'Forecast',
      unit: 'estimate',
      width: 1.6,
      sortBy: (slo) => judged(slo, ({ forecast }) => (forecast === null ? null : BigInt(forecast.bad))),
      cell: (slo) => judged(slo, (window) => <ForecastCell window={window} />),
    },
  ];
}

function judged<T>(slo: Slo, say: (window: WindowFigures) => T): T | null {
  const window = leadingWindow(slo);
  return window === null ? null : say(window);
}

function coverageRank({ num, den }: WindowFigures['coverage']): bigint | null {
  return den === 0 ? null : (BigInt(num) * 1_000_000n) / BigInt(den);
}

/** Millionths of the budget; the least first is what one looks for. */
function leftShare(window: WindowFigures | null): bigint | null {
  if (window === null) return null;
  const { left, allowed } = budgetView(window);
  return allowed === 0n ? left : (left * 1_000_000n) / allowed;
}

function BudgetCell({ slo }: { readonly slo: Slo }) {
  const window = leadingWindow(slo);
  if (window === null) return <span className="unknown">not judged yet</span>;
  if (slo.state === 'noTraffic') return <span className="muted">nothing was offered: nothing is judged</span>;
  const view = budgetView(window);
  const unsure = unsureText(view);
  return (
    <>
      <span className={affordLook(view)}>{affordText(view, slo.sli)}</span>
      <span className="second budget-line">
        <BudgetBar view={view} sli={slo.sli} />
        <span className="num">
          {formatCount(view.spent)} of {formatCount(view.allowed)}
          {view.isWhole ? '' : ' so far'}
        </span>
        {unsure === null ? null : <span className="hidden">; {unsure}</span>}
      </span>
    </>
  );
}

const exhaustionLooks: Readonly<Record<string, string>> = {
  spent: 'loss',
  unknown: 'unknown',
  'nothing burns': 'muted',
};

function ExhaustionCell({ window }: { readonly window: WindowFigures }) {
  const text = exhaustionText(window);
  const { exhaustion } = window;
  return (
    <>
      <span className={exhaustionLooks[text] ?? 'num'}>{text}</span>
      {exhaustion === null || text in exhaustionLooks ? null : (
        <span className="second num">{formatInZone(exhaustion.at, window.window.zone).slice(0, -3)}</span>
      )}
    </>
  );
}

function ForecastCell({ window }: { readonly window: WindowFigures }) {
  const forecast = forecastText(window);
  if (forecast === null) return <span className="unknown">too little known</span>;
  return (
    <>
      <span className="num">{forecast.guess}</span>
      <span className="second num">{forecast.interval}</span>
    </>
  );
}
