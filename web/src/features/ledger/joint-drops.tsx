import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { formatCount } from '../../format/count.ts';
import type { Search } from '../../url/search.ts';
import { useUrl } from '../../url/use-url.ts';
import { causeWords } from '../port/cause-words.ts';
import { ownedBy } from '../port/model.ts';
import { OwnerList } from '../port/owner-list.tsx';
import { directionName } from '../ports/model.ts';
import type { JointView } from './model.ts';

type Drop = JointView['drops'][number];

/** Everything that was lost at one joint. */
export function JointDrops(props: { readonly view: JointView; readonly host: string; readonly datapath: string }) {
  const { view, host, datapath } = props;
  const { carried, sort, setSort } = useUrl();
  const columns = useMemo(() => columnsOf(host, datapath, carried), [host, datapath, carried]);
  if (view.lost === null) return <p className="none">Nothing is known of this joint in this window.</p>;
  if (view.drops.length === 0) return <p className="none">Nothing was lost here: {view.place}.</p>;
  return (
    <DataTable
      caption={`Lost here: ${view.title}, ${datapath}`}
      columns={columns}
      rows={view.drops}
      rowKey={({ port, direction, cause }) => `${port} ${direction} ${cause}`}
      sort={sort}
      defaultSort={{ id: 'lostPackets', desc: true }}
      onSort={setSort}
      minWidth={1040}
    />
  );
}

function columnsOf(host: string, datapath: string, carried: Search): Column<Drop>[] {
  return [
    {
      id: 'lostPort',
      header: 'Port',
      width: 1.3,
      sortBy: ({ port }) => port,
      cell: ({ port }) =>
        port === datapath ? (
          <span className="muted">no port: the datapath itself</span>
        ) : (
          <Link to="/hosts/$host/ports/$port" params={{ host, port }} search={carried}>
            {port}
          </Link>
        ),
    },
    {
      id: 'lostDirection',
      header: 'Direction',
      width: 0.7,
      sortBy: ({ direction }) => direction,
      cell: ({ port, direction }) => (port === datapath ? '' : directionName(direction)),
    },
    { id: 'lostCause', header: 'Cause', width: 1.1, sortBy: ({ cause }) => cause, cell: ({ cause }) => cause },
    {
      id: 'lostPackets',
      header: 'Packets',
      numeric: true,
      width: 0.9,
      sortBy: ({ packets }) => BigInt(packets),
      cell: ({ packets }) => <span className={packets === '0' ? undefined : 'loss'}>{formatCount(packets)}</span>,
    },
    {
      id: 'lostOwner',
      header: 'Whose',
      width: 2.8,
      sortBy: ({ owners }) => BigInt(owners.provider),
      cell: ({ owners }) => <OwnerList owned={ownedBy(owners)} />,
    },
    {
      id: 'lostMeaning',
      header: 'What it means',
      width: 2.3,
      sortBy: ({ cause }) => causeWords(cause) ?? '',
      cell: ({ cause }) => {
        const words = causeWords(cause);
        return words === null ? <span className="muted">a cause this page has no words for yet</span> : words;
      },
    },
  ];
}
