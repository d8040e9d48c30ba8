import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { QueueSeries } from '../../../../server/api/schema/ports.ts';
import type { KnownSum } from '../../charts/known-sum.ts';
import { Sparkline } from '../../charts/sparkline.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Empty } from '../../components/states.tsx';
import { formatCount } from '../../format/count.ts';
import { formatBitRate, formatPacketRate } from '../../format/rate.ts';
import { formatRatio } from '../../format/ratio.ts';
import type { Search } from '../../url/search.ts';
import { useUrl } from '../../url/use-url.ts';
import { directionName } from '../ports/model.ts';
import { type QueueRow, queueRows } from './model.ts';

/** Rates per queue: an uneven share is a bad hash or a bad placement. */
export function QueueTable({ series, linked = false }: { readonly series: QueueSeries; readonly linked?: boolean }) {
  const { carried, sort, setSort } = useUrl();
  const rows = useMemo(() => queueRows(series), [series]);
  const columns = useMemo(() => columnsOf(series, carried), [series, carried]);
  if (rows.length === 0) {
    return <Empty title="No queues">The driver of this port does not count its queues one by one.</Empty>;
  }
  return (
    <section className="panel" aria-label="Queues">
      <header className="panel-head">
        <h2>Queues</h2>
        {linked ? (
          <Link to="/hosts/$host/ports/$port/queues" params={{ host: series.host, port: series.port }} search={carried}>
            All queues
          </Link>
        ) : null}
      </header>
      <DataTable
        caption="Queues"
        columns={columns}
        rows={rows}
        rowKey={({ key }) => key}
        sort={sort}
        defaultSort={{ id: 'queue', desc: false }}
        onSort={setSort}
        minWidth={780}
      />
    </section>
  );
}

function columnsOf({ host, port, stepSeconds }: QueueSeries, carried: Search): Column<QueueRow>[] {
  return [
    {
      id: 'queue',
      header: 'Queue',
      width: 0.8,
      sortBy: ({ key }) => key,
      cell: ({ queue }) => (
        <Link
          to="/hosts/$host/ports/$port/queues/$queue"
          params={{ host, port, queue: `${queue.queue}` }}
          search={carried}
        >
          {directionName(queue.direction)} {queue.queue}
        </Link>
      ),
    },
    {
      id: 'packets',
      header: 'Packets',
      unit: 'mean',
      numeric: true,
      width: 1,
      sortBy: ({ packets }) => (packets.known === 0 ? null : packets.sum),
      cell: ({ packets }) =>
        packets.known === 0 ? <Unknown /> : formatPacketRate(packets.sum, packets.known * stepSeconds),
    },
    {
      id: 'picture',
      header: 'Over the window',
      width: 1.3,
      sortBy: ({ packets }) => (packets.known === 0 ? null : packets.sum),
      cell: ({ picture }) => <Sparkline values={picture} width={110} />,
    },
    {
      id: 'share',
      header: 'Share',
      unit: 'of direction',
      numeric: true,
      width: 1.3,
      sortBy: ({ packets }) => (packets.known === 0 ? null : packets.sum),
      cell: (row) => <Share row={row} />,
    },
    {
      id: 'bits',
      header: 'Bits',
      unit: 'mean',
      numeric: true,
      width: 1,
      sortBy: ({ bytes }) => (bytes.known === 0 ? null : bytes.sum),
      cell: ({ packets, bytes }) =>
        bytes.known === 0 ? <Missing packets={packets} /> : formatBitRate(bytes.sum, bytes.known * stepSeconds),
    },
    {
      id: 'drops',
      header: 'Drops',
      numeric: true,
      width: 1,
      sortBy: ({ drops }) => (drops.known === 0 ? null : drops.sum),
      cell: ({ packets, drops }) =>
        drops.known === 0 ? (
          <Missing packets={packets} />
        ) : (
          <span className={drops.sum > 0n ? 'loss' : undefined}>{formatCount(drops.sum)}</span>
        ),
    },
    {
      id: 'known',
      header: 'Known',
      unit: 's',
      numeric: true,
      width: 0.8,
      sortBy: ({ packets }) => packets.known,
      cell: ({ packets }) => `${packets.known * stepSeconds}/${packets.steps * stepSeconds}`,
    },
  ];
}

function Share({ row }: { readonly row: QueueRow }) {
  const { packets, directionPackets } = row;
  if (packets.known === 0 || directionPackets === 0n) return <Unknown />;
  return (
    <span className="share">
      <span className="share-bar" aria-hidden="true">
        <i style={{ width: `${Number((packets.sum * 1_000n) / directionPackets) / 10}%` }} />
      </span>
      {formatRatio(packets.sum, directionPackets, 1)}
    </span>
  );
}

function Unknown() {
  return <span className="unknown">no data</span>;
}

/** A column without a value where packets have some is a counter this driver does not have. */
function Missing({ packets }: { readonly packets: KnownSum }) {
  if (packets.known === 0) return <Unknown />;
  return <span className="muted">not counted</span>;
}
