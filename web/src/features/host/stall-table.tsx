import { useMemo } from 'react';
import type { StallList } from '../../../../server/api/schema/hosts.ts';
import { Badge } from '../../components/badge.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { formatDurationNs } from '../../format/duration.ts';
import { formatInstantNs, type Zone, zoneName } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { stallName } from './model.ts';

type Stall = StallList['stalls'][number];

/** Stalls with both bounds of their length, and of their place. */
export function StallTable({ caption, stalls }: { readonly caption: string; readonly stalls: readonly Stall[] }) {
  const { zone, sort, setSort } = useUrl();
  const columns = useMemo(() => columnsOf(zone), [zone]);
  return (
    <DataTable
      caption={caption}
      columns={columns}
      rows={stalls}
      rowKey={({ tid, startTicks, fromNs, toNs, stall }) => `${tid} ${startTicks} ${fromNs} ${toNs} ${stall}`}
      sort={sort}
      defaultSort={{ id: 'stallLength', desc: true }}
      onSort={setSort}
      minWidth={1060}
    />
  );
}

function columnsOf(zone: Zone): Column<Stall>[] {
  return [
    {
      id: 'stallThread',
      header: 'Thread',
      width: 1.5,
      sortBy: ({ name }) => name,
      cell: ({ owner, name }) => (
        <span title={`${owner} ${name}`}>
          {name} <span className="muted small">{owner}</span>
        </span>
      ),
    },
    {
      id: 'stallLength',
      header: 'Length',
      unit: 'at least – at most',
      numeric: true,
      width: 1.5,
      sortBy: ({ lowNs }) => BigInt(lowNs),
      cell: ({ lowNs, highNs }) => {
        const [low, high] = [formatDurationNs(lowNs), formatDurationNs(highNs)];
        return low === high ? low : `${low} – ${high}`;
      },
    },
    {
      id: 'stallKind',
      header: 'What kept it',
      width: 1.8,
      sortBy: ({ stall }) => stall,
      cell: ({ stall, goesOn }) => (
        <>
          {stallName(stall)} {goesOn ? <Badge tone="warn">goes on</Badge> : null}
        </>
      ),
    },
    {
      id: 'stallFrom',
      header: 'After',
      unit: zoneName(zone),
      numeric: true,
      width: 1.5,
      sortBy: ({ fromNs }) => BigInt(fromNs),
      cell: ({ fromNs }) => formatInstantNs(fromNs, zone),
    },
    {
      id: 'stallTo',
      header: 'Before',
      numeric: true,
      width: 1.5,
      sortBy: ({ toNs }) => BigInt(toNs),
      cell: ({ toNs }) => formatInstantNs(toNs, zone),
    },
    {
      id: 'stallWaits',
      header: 'Waits in it',
      numeric: true,
      width: 0.8,
      sortBy: ({ waits }) => waits,
      cell: ({ waits }) => waits,
    },
  ];
}
