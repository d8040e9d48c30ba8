import { useMemo } from 'react';
import type { ThreadSeries } from '../../../../server/api/schema/hosts.ts';
import { useThreads } from '../../api/hosts.ts';
import { ChartPanel } from '../../charts/chart-panel.tsx';
import type { Pane } from '../../charts/pane.ts';
import { constantSource } from '../../charts/source.ts';
import { Badge } from '../../components/badge.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty, NoData } from '../../components/states.tsx';
import { formatDurationNs } from '../../format/duration.ts';
import { formatRatio } from '../../format/ratio.ts';
import { useUrl } from '../../url/use-url.ts';
import { delayFrame, isThreadBad, type ThreadRow, threadRows, threadStateName } from './model.ts';
import { PmdGaps } from './pmd-gaps.tsx';

export function ThreadsTab({ host }: { readonly host: string }) {
  const { range } = useUrl();
  const threads = useThreads(host, range);
  return (
    <QueryView query={threads} what="threads">
      {(series) => <Threads host={host} series={series} />}
    </QueryView>
  );
}

function Threads({ host, series }: { readonly host: string; readonly series: ThreadSeries }) {
  const { zone, sort, setSort, select } = useUrl();
  const pane = useMemo((): Pane => {
    const say = (sum: bigint, stepSeconds: number) => `${formatDurationNs(sum / BigInt(stepSeconds))} per s`;
    return {
      name: 'Run delay, ms per s',
      say,
      kind: 'line',
      source: constantSource(delayFrame(series)),
      height: 190,
      leastMax: 0.01,
    };
  }, [series]);
  const rows = useMemo(() => threadRows(series), [series]);
  const columns = useMemo(() => columnsOf(series.stepSeconds), [series.stepSeconds]);
  if (series.threads.length === 0) {
    return (
      <Empty title="No guest or datapath threads">
        No vCPU, vhost or PMD thread ran on this host in this window. They appear as soon as a guest or a DPDK process
        starts.
      </Empty>
    );
  }
  return (
    <>
      {rows.every(({ delay }) => delay.known === 0) ? (
        <NoData>No slot of this window is known for any thread.</NoData>
      ) : (
        <ChartPanel title="Waiting for a CPU" panes={[pane]} zone={zone} syncKey="threads" onSelect={select} />
      )}
      <section className="panel" aria-label="Threads">
        <header className="panel-head">
          <h2>Threads</h2>
        </header>
        <DataTable
          caption="Threads"
          columns={columns}
          rows={rows}
          rowKey={({ thread }) => `${thread.pid} ${thread.tid}`}
          sort={sort}
          defaultSort={{ id: 'delay', desc: true }}
          onSort={setSort}
          minWidth={1180}
        />
      </section>
      <PmdGaps host={host} series={series} />
    </>
  );
}

function columnsOf(stepSeconds: number): Column<ThreadRow>[] {
  return [
    {
      id: 'owner',
      header: 'Owner',
      width: 1.45,
      sortBy: ({ thread }) => thread.owner,
      cell: ({ thread }) => <span title={thread.owner}>{thread.owner}</span>,
    },
    {
      id: 'name',
      header: 'Thread',
      width: 1.6,
      sortBy: ({ thread }) => thread.name,
      cell: ({ thread }) => <span title={thread.name}>{thread.name}</span>,
    },
    { id: 'role', header: 'Role', width: 0.85, sortBy: ({ thread }) => thread.role, cell: ({ thread }) => thread.role },
    {
      id: 'state',
      header: 'State',
      width: 1.12,
      sortBy: ({ thread }) => thread.threadState,
      cell: ({ thread: { threadState } }) =>
        isThreadBad(threadState) ? (
          <Badge tone="bad">{threadStateName(threadState)}</Badge>
        ) : (
          threadStateName(threadState)
        ),
    },
    {
      id: 'tid',
      header: 'TID',
      numeric: true,
      width: 0.65,
      sortBy: ({ thread }) => thread.tid,
      cell: ({ thread }) => thread.tid,
    },
    {
      id: 'cpu',
      header: 'CPU',
      numeric: true,
      width: 0.5,
      sortBy: ({ thread }) => thread.cpu,
      cell: ({ thread }) => thread.cpu,
    },
    {
      id: 'run',
      header: 'Ran',
      numeric: true,
      width: 1.15,
      sortBy: ({ run }) => (run.known === 0 ? null : run.sum),
      cell: ({ run }) =>
        run.known === 0 ? <Unknown /> : formatRatio(run.sum, BigInt(run.known * stepSeconds) * 1_000_000_000n, 1),
    },
    {
      id: 'delay',
      header: 'Run delay',
      numeric: true,
      width: 1.05,
      sortBy: ({ delay }) => (delay.known === 0 ? null : delay.sum),
      cell: ({ delay }) => (delay.known === 0 ? <Unknown /> : formatDurationNs(delay.sum)),
    },
    {
      id: 'steal',
      header: 'Steal',
      numeric: true,
      width: 1.15,
      sortBy: ({ delay }) => (delay.known === 0 ? null : delay.sum),
      cell: ({ delay }) =>
        delay.known === 0 ? <Unknown /> : formatRatio(delay.sum, BigInt(delay.known * stepSeconds) * 1_000_000_000n, 4),
    },
    {
      id: 'worst',
      header: 'Worst stall',
      numeric: true,
      width: 1.85,
      sortBy: ({ worst }) => worst?.highNs ?? null,
      cell: ({ worst }) => (worst === null ? <Unknown /> : <Bounds {...worst} />),
    },
    {
      id: 'pushed',
      header: 'Pushed off',
      numeric: true,
      width: 1,
      sortBy: ({ pushed }) => (pushed.known === 0 ? null : pushed.sum),
      cell: ({ pushed }) => (pushed.known === 0 ? <Unknown /> : String(pushed.sum)),
    },
    {
      id: 'stopped',
      header: 'Stopped',
      numeric: true,
      width: 0.95,
      sortBy: ({ stopped }) => (stopped.known === 0 ? null : stopped.sum),
      cell: ({ stopped }) => (stopped.known === 0 ? <Unknown /> : stoppedText(stopped.sum)),
    },
    {
      id: 'known',
      header: 'Known',
      unit: 's',
      numeric: true,
      width: 0.95,
      sortBy: ({ delay }) => delay.known,
      cell: ({ delay }) => `${delay.known * stepSeconds}/${delay.steps * stepSeconds}`,
    },
  ];
}

/** Stops between two samples are not seen: at least so long. */
function stoppedText(ns: bigint): string {
  return ns === 0n ? 'not seen' : `≥ ${formatDurationNs(ns)}`;
}

/** A stall that samples bound from below and above; the same words twice are said once. */
function Bounds({ lowNs, highNs }: { readonly lowNs: bigint; readonly highNs: bigint }) {
  const [low, high] = [formatDurationNs(lowNs), formatDurationNs(highNs)];
  return <span title={`at least ${low}, at most ${high}`}>{low === high ? low : `${low} – ${high}`}</span>;
}

function Unknown() {
  return <span className="unknown">no data</span>;
}
