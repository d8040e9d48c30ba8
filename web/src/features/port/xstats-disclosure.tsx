import { useState } from 'react';
import type { XstatPage } from '../../../../server/api/schema/ports.ts';
import { useXstats } from '../../api/ports.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty } from '../../components/states.tsx';
import { formatCount } from '../../format/count.ts';
import { formatInstant, type Zone } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';

type Xstat = XstatPage['items'][number];

/** Every counter of the driver under its own name; asked for only when opened. */
export function XstatsDisclosure({ host, port }: { readonly host: string; readonly port: string }) {
  const [open, setOpen] = useState(false);
  const xstats = useXstats(host, port, open);
  const { zone, sort, setSort } = useUrl();
  return (
    <details className="panel disclosure" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Extended counters of the driver</summary>
      {open ? (
        <QueryView query={xstats} what="extended counters">
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="None">This driver shows no extended counters.</Empty>
            ) : (
              <DataTable
                caption="Extended counters"
                columns={columnsOf(zone)}
                rows={items}
                rowKey={({ name }) => name}
                sort={sort}
                defaultSort={{ id: 'name', desc: false }}
                onSort={setSort}
              />
            )
          }
        </QueryView>
      ) : null}
    </details>
  );
}

function columnsOf(zone: Zone): Column<Xstat>[] {
  return [
    { id: 'name', header: 'Name', width: 2, sortBy: ({ name }) => name, cell: ({ name }) => <code>{name}</code> },
    {
      id: 'value',
      header: 'Value',
      numeric: true,
      width: 1.2,
      sortBy: ({ value }) => BigInt(value),
      cell: ({ value }) => formatCount(value),
    },
    {
      id: 'at',
      header: 'Read',
      numeric: true,
      width: 1.2,
      sortBy: ({ at }) => at,
      cell: ({ at }) => formatInstant(Date.parse(at), zone),
    },
  ];
}
