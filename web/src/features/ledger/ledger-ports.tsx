import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { LedgerDetail } from '../../../../server/api/schema/ledger.ts';
import { Coverage } from '../../components/coverage.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { formatCount } from '../../format/count.ts';
import type { Search } from '../../url/search.ts';
import { useUrl } from '../../url/use-url.ts';
import { directionName, isKnown } from '../ports/model.ts';

type Port = LedgerDetail['ports'][number];

/** The ports of the datapath, with those that its sums leave out said so. */
export function LedgerPorts({ detail }: { readonly detail: LedgerDetail }) {
  const { carried, sort, setSort } = useUrl();
  const { host, datapath } = detail.entry;
  const columns = useMemo(() => columnsOf(host, carried), [host, carried]);
  if (detail.ports.length === 0) return null;
  return (
    <section className="panel" aria-label={`Ports, ${datapath}`}>
      <header className="panel-head">
        <h3>Ports of the datapath</h3>
      </header>
      <DataTable
        caption={`Ports of ${datapath}`}
        columns={columns}
        rows={detail.ports}
        rowKey={({ port, direction }) => `${port} ${direction}`}
        sort={sort}
        defaultSort={{ id: 'port', desc: false }}
        onSort={setSort}
        minWidth={1_080}
      />
      {detail.ports.every(({ counted }) => counted) ? null : (
        <p className="chart-note">
          Ports that are not counted stand beside the sums: their packets pass another port of the datapath too.
        </p>
      )}
    </section>
  );
}

function columnsOf(host: string, carried: Search): Column<Port>[] {
  return [
    {
      id: 'port',
      header: 'Port',
      width: 1.4,
      sortBy: ({ port }) => port,
      cell: ({ port }) => (
        <Link to="/hosts/$host/ports/$port" params={{ host, port }} search={carried}>
          {port}
        </Link>
      ),
    },
    {
      id: 'type',
      header: 'Type',
      width: 1.5,
      sortBy: ({ type }) => type,
      cell: ({ type }) => (type === '' ? <span className="unknown">not told</span> : type),
    },
    {
      id: 'direction',
      header: 'Direction',
      width: 0.9,
      sortBy: ({ direction }) => direction,
      cell: ({ direction }) => directionName(direction),
    },
    {
      id: 'counted',
      header: 'In the sums',
      width: 0.9,
      sortBy: ({ counted }) => (counted ? 1 : 0),
      cell: ({ counted }) => (counted ? 'yes' : <span className="muted">not counted</span>),
    },
    sumColumn('packets', 'Packets', ({ packets }) => packets, false),
    sumColumn('drops', 'Drops', ({ drops }) => drops, true),
    {
      id: 'causes',
      header: 'Causes',
      width: 2.1,
      sortBy: ({ causes }) => causes.map(({ cause }) => cause).join(' '),
      cell: ({ causes }) => <span title={causesText(causes)}>{causesText(causes)}</span>,
    },
    sumColumn('pending', 'Pending', ({ pending }) => pending, true),
    sumColumn('unexplained', 'Unexplained', ({ unexplained }) => unexplained, true),
    {
      id: 'known',
      header: 'Known',
      width: 1.1,
      sortBy: ({ slots }) => slots.unknown,
      cell: ({ slots }) => <Coverage slots={slots} words="share" />,
    },
  ];
}

function causesText(causes: Port['causes']): string {
  return [...causes]
    .filter(({ packets }) => packets !== '0')
    .sort((a, b) => (BigInt(a.packets) < BigInt(b.packets) ? 1 : -1))
    .map(({ cause, packets }) => `${cause} ${formatCount(packets)}`)
    .join(', ');
}

function sumColumn(id: string, header: string, pick: (row: Port) => string, loss: boolean): Column<Port> {
  return {
    id,
    header,
    numeric: true,
    width: 1.05,
    sortBy: (row) => (isKnown(row.slots) ? BigInt(pick(row)) : null),
    cell: (row) => {
      if (!isKnown(row.slots)) return <span className="unknown">no data</span>;
      const value = pick(row);
      return <span className={loss && value !== '0' ? 'loss' : undefined}>{formatCount(value)}</span>;
    },
  };
}
