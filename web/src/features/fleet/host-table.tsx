import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Host } from '../../../../server/api/schema/hosts.ts';
import { Sparkline } from '../../charts/sparkline.tsx';
import { Badge } from '../../components/badge.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { formatCount } from '../../format/count.ts';
import { formatLagMs } from '../../format/duration.ts';
import { formatPacketRate } from '../../format/rate.ts';
import { formatInstant, type Zone } from '../../format/time.ts';
import type { Search, Sort } from '../../url/search.ts';
import type { History } from './model.ts';

export function HostTable(props: {
  readonly hosts: readonly Host[];
  readonly histories: ReadonlyMap<string, History>;
  readonly zone: Zone;
  readonly carried: Search;
  readonly sort: Sort | null;
  onSort(sort: Sort): void;
}) {
  const { hosts, histories, zone, carried, sort, onSort } = props;
  const columns = useMemo(() => columnsOf(histories, zone, carried), [histories, zone, carried]);
  return (
    <DataTable
      caption="Hosts"
      columns={columns}
      rows={hosts}
      rowKey={({ host }) => host}
      sort={sort}
      defaultSort={{ id: 'host', desc: false }}
      onSort={onSort}
      minWidth={860}
    />
  );
}

function columnsOf(histories: ReadonlyMap<string, History>, zone: Zone, carried: Search): Column<Host>[] {
  return [
    {
      id: 'host',
      header: 'Host',
      width: 2.2,
      sortBy: ({ host }) => host,
      cell: ({ host }) => (
        <Link to="/hosts/$host" params={{ host }} search={carried}>
          {host}
        </Link>
      ),
    },
    { id: 'state', header: 'State', width: 1, sortBy: ({ state }) => state, cell: (host) => <HostState host={host} /> },
    {
      id: 'rx',
      header: 'Received',
      unit: 'now',
      numeric: true,
      width: 1.2,
      sortBy: (host) => number(host, host.packetsPerSecond.rx),
      cell: (host) => <Rate host={host} value={host.packetsPerSecond.rx} />,
    },
    {
      id: 'picture',
      header: 'Since opened',
      width: 1.3,
      sortBy: (host) => number(host, host.packetsPerSecond.rx),
      cell: ({ host }) => <Sparkline values={histories.get(host)?.rx ?? []} />,
    },
    {
      id: 'tx',
      header: 'Sent',
      unit: 'now',
      numeric: true,
      width: 1.2,
      sortBy: (host) => number(host, host.packetsPerSecond.tx),
      cell: (host) => <Rate host={host} value={host.packetsPerSecond.tx} />,
    },
    {
      id: 'drops',
      header: 'Drops',
      unit: 'now',
      numeric: true,
      width: 1,
      sortBy: (host) => number(host, host.dropsPerSecond),
      cell: (host) => <Rate host={host} value={host.dropsPerSecond} loss />,
    },
    {
      id: 'ports',
      header: 'Ports',
      numeric: true,
      width: 0.7,
      sortBy: ({ ports }) => ports,
      cell: ({ ports }) => formatCount(`${ports}`),
    },
    {
      id: 'lag',
      header: 'Lag',
      numeric: true,
      width: 0.9,
      sortBy: ({ lagMs }) => lagMs,
      cell: ({ lagMs }) => formatLagMs(lagMs),
    },
    {
      id: 'lastSlot',
      header: 'Last slot',
      numeric: true,
      width: 1.6,
      sortBy: ({ lastSlot }) => lastSlot,
      cell: ({ lastSlot }) => <span className="muted">{formatInstant(Date.parse(lastSlot), zone)}</span>,
    },
  ];
}

export function HostState({ host }: { readonly host: Host }) {
  return host.state === 'live' ? (
    <Badge tone="ok">live</Badge>
  ) : (
    <Badge tone="warn" icon="stale">
      stale
    </Badge>
  );
}

function Rate({
  host,
  value,
  loss = false,
}: {
  readonly host: Host;
  readonly value: string | null;
  readonly loss?: boolean;
}) {
  if (value === null || host.state === 'stale') return <span className="unknown">unknown</span>;
  return <span className={loss && value !== '0' ? 'loss' : undefined}>{formatPacketRate(value)}</span>;
}

function number(host: Host, value: string | null): bigint | null {
  return value === null || host.state === 'stale' ? null : BigInt(value);
}
