import { useMemo } from 'react';
import type { SoftnetSeries } from '../../../../server/api/schema/hosts.ts';
import { useSoftnet } from '../../api/hosts.ts';
import { ChartPanel } from '../../charts/chart-panel.tsx';
import type { KnownSum } from '../../charts/known-sum.ts';
import type { Pane } from '../../charts/pane.ts';
import { constantSource } from '../../charts/source.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty, NoData } from '../../components/states.tsx';
import { formatCount } from '../../format/count.ts';
import { formatDurationNs } from '../../format/duration.ts';
import { useUrl } from '../../url/use-url.ts';
import { pressureFrame, type SoftnetRow, softnetRows } from './model.ts';

export function SoftnetTab({ host }: { readonly host: string }) {
  const { range } = useUrl();
  const softnet = useSoftnet(host, range);
  return (
    <QueryView query={softnet} what="softnet and pressure">
      {(series) => <Softnet series={series} />}
    </QueryView>
  );
}

function Softnet({ series }: { readonly series: SoftnetSeries }) {
  const { zone, sort, setSort, select } = useUrl();
  const pane = useMemo((): Pane => {
    const say = (sum: bigint, stepSeconds: number) => `${formatDurationNs((sum * 1_000n) / BigInt(stepSeconds))} per s`;
    return {
      name: 'Stalled, ms per s',
      say,
      kind: 'line',
      source: constantSource(pressureFrame(series)),
      height: 170,
      leastMax: 0.01,
    };
  }, [series]);
  const rows = useMemo(() => softnetRows(series), [series]);
  if (rows.length === 0 && series.pressure.length === 0) {
    return (
      <Empty title="No softnet counters">The kernel of this host shows neither softnet nor pressure counters.</Empty>
    );
  }
  const known = rows.some(({ processed }) => processed.known > 0);
  return (
    <>
      {series.pressure.length === 0 ? null : (
        <ChartPanel title="Pressure: some task waited" panes={[pane]} zone={zone} syncKey="softnet" onSelect={select} />
      )}
      {known ? null : <NoData>No slot of this window is known for any CPU.</NoData>}
      <section className="panel" aria-label="Receive backlog by CPU">
        <header className="panel-head">
          <h2>Receive backlog by CPU</h2>
        </header>
        <DataTable
          caption="Receive backlog by CPU"
          columns={columns}
          rows={rows}
          rowKey={({ cpu }) => `${cpu}`}
          sort={sort}
          defaultSort={{ id: 'cpu', desc: false }}
          onSort={setSort}
        />
      </section>
    </>
  );
}

const columns: Column<SoftnetRow>[] = [
  { id: 'cpu', header: 'CPU', width: 0.6, sortBy: ({ cpu }) => cpu, cell: ({ cpu }) => `CPU ${cpu}` },
  sumColumn('processed', 'Processed', ({ processed }) => processed, false),
  sumColumn('dropped', 'Dropped', ({ dropped }) => dropped, true),
  sumColumn('squeezed', 'Time squeeze', ({ timeSqueeze }) => timeSqueeze, true),
  {
    id: 'known',
    header: 'Known',
    unit: 'steps',
    numeric: true,
    width: 0.8,
    sortBy: ({ processed }) => processed.known,
    cell: ({ processed }) => `${processed.known}/${processed.steps}`,
  },
];

function sumColumn(id: string, header: string, pick: (row: SoftnetRow) => KnownSum, loss: boolean): Column<SoftnetRow> {
  return {
    id,
    header,
    numeric: true,
    width: 1,
    sortBy: (row) => (pick(row).known === 0 ? null : pick(row).sum),
    cell: (row) => {
      const { sum, known } = pick(row);
      if (known === 0) return <span className="unknown">no data</span>;
      return <span className={loss && sum > 0n ? 'loss' : undefined}>{formatCount(sum)}</span>;
    },
  };
}
