import { Link } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';
import type { AdviceItem } from '../../../../server/api/schema/remediation.ts';
import { type DatapathNow, useAdviceList, useDatapaths } from '../../api/advice.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { FilterBox } from '../../components/filter-box.tsx';
import { More } from '../../components/more.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty } from '../../components/states.tsx';
import { formatInstant, type Zone, zoneName } from '../../format/time.ts';
import type { Search } from '../../url/search.ts';
import { useUrl } from '../../url/use-url.ts';
import { SlaPage } from '../shell/sla-page.tsx';
import { WordBadge } from '../slo/word-badge.tsx';
import { DatapathTable } from './datapath-table.tsx';
import { decisionWords, diagnosisWords, filterAdvice, movesText, usageText } from './model.ts';

/** How each datapath stands, and what was advised. */
export function AdvicePage() {
  const { zone } = useUrl();
  const datapaths = useDatapaths();
  const advice = useAdviceList();
  return (
    <SlaPage title="Advice" time={`Times in ${zoneName(zone)}`}>
      <QueryView query={datapaths} what="datapaths">
        {({ items }) => (items.length === 0 ? <NoDatapaths /> : <Datapaths datapaths={items} />)}
      </QueryView>
      <QueryView query={advice} what="advice">
        {(items) => (
          <AdviceLog advice={items}>
            <More {...advice} shown={items.length} what="entries" />
          </AdviceLog>
        )}
      </QueryView>
    </SlaPage>
  );
}

function Datapaths({ datapaths }: { readonly datapaths: readonly DatapathNow[] }) {
  return (
    <section className="panel" aria-label="Datapaths now">
      <header className="panel-head">
        <h2>Datapaths now</h2>
        <span className="muted">Advice only: nothing is ever written to a host.</span>
      </header>
      <DatapathTable datapaths={datapaths} />
    </section>
  );
}

function AdviceLog({ advice, children }: { readonly advice: readonly AdviceItem[]; readonly children: ReactNode }) {
  const url = useUrl();
  const { zone, carried } = url;
  const columns = useMemo(() => columnsOf(zone, carried), [zone, carried]);
  const shown = filterAdvice(advice, url.filter);
  return (
    <section className="panel" aria-label="What was advised">
      <header className="panel-head">
        <h2>What was advised</h2>
        <FilterBox label="Filter advice" shown={shown.length} of={advice.length} />
      </header>
      {advice.length === 0 ? (
        <p className="none">Nothing was advised yet: each time something is wrong with a datapath, it is told here.</p>
      ) : (
        <DataTable
          caption="Advice"
          columns={columns}
          rows={shown}
          rowKey={({ id }) => id}
          sort={url.sort}
          defaultSort={{ id: 'at', desc: true }}
          onSort={url.setSort}
          minWidth={1040}
          tall
        />
      )}
      {advice.length > 0 && shown.length === 0 ? <p className="none">No advice fits.</p> : null}
      {children}
    </section>
  );
}

function columnsOf(zone: Zone, carried: Search): Column<AdviceItem>[] {
  return [
    {
      id: 'datapath',
      header: 'Datapath',
      width: 2,
      sortBy: ({ host, datapath }) => `${host} ${datapath}`,
      cell: ({ id, host, datapath }) => (
        <>
          <Link to="/advice/$id" params={{ id }} search={carried}>
            {host}
          </Link>
          <span className="second">{datapath}</span>
        </>
      ),
    },
    {
      id: 'diagnosis',
      header: 'Diagnosis',
      width: 1.2,
      sortBy: ({ diagnosis }) => diagnosis,
      cell: ({ diagnosis }) => <WordBadge words={diagnosisWords[diagnosis]} />,
    },
    {
      id: 'decision',
      header: 'Advice',
      width: 3,
      sortBy: ({ decision }) => decision,
      cell: ({ decision, moves, gates }) => (
        <>
          <WordBadge words={decisionWords[decision]} />
          <span className="second">
            {movesText(moves)}
            {decision === 'held' ? ` (${gates.map(({ gate }) => gate).join(', ')})` : ''}
          </span>
        </>
      ),
    },
    {
      id: 'before',
      header: 'Busiest',
      unit: 'before',
      numeric: true,
      width: 1,
      sortBy: ({ beforePpm }) => beforePpm,
      cell: ({ beforePpm }) => usageText(beforePpm),
    },
    {
      id: 'after',
      header: 'Busiest',
      unit: 'after',
      numeric: true,
      width: 1,
      sortBy: ({ predictedPpm }) => predictedPpm,
      cell: ({ predictedPpm }) =>
        predictedPpm === null ? <span className="muted">no moves</span> : usageText(predictedPpm),
    },
    {
      id: 'at',
      header: 'At',
      numeric: true,
      width: 1.5,
      sortBy: ({ at }) => Date.parse(at),
      cell: ({ at }) => formatInstant(Date.parse(at), zone),
    },
  ];
}

function NoDatapaths() {
  return (
    <Empty title="No datapaths">
      <p>
        No datapath of Open vSwitch in user space was looked at yet. It is looked at as soon as a collector reads one,
        unless <code>server.remediation.mode</code> is <code>off</code>:
      </p>
      <pre>
        <code>fournines collector --once --json | grep pmd</code>
      </pre>
    </Empty>
  );
}
