import { useMemo } from 'react';
import type { Fact } from '../../../../server/api/schema/hosts.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { FilterBox } from '../../components/filter-box.tsx';
import { Empty } from '../../components/states.tsx';
import { formatInstant, type Zone } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';

/** What is known of the host itself, with where it was read and when it last changed. */
export function FactTable({ facts }: { readonly facts: readonly Fact[] }) {
  const { sort, setSort, zone, filter } = useUrl();
  const columns = useMemo(() => columnsOf(zone), [zone]);
  const shown = facts.filter(({ name, value }) => `${name} ${value}`.toLowerCase().includes(filter.toLowerCase()));
  if (facts.length === 0) return <Empty title="No facts">The collector has not reported any fact yet.</Empty>;
  return (
    <section className="panel" aria-label="Facts">
      <header className="panel-head">
        <h2>Facts</h2>
        <FilterBox label="Filter facts" shown={shown.length} of={facts.length} />
      </header>
      <DataTable
        caption="Facts"
        columns={columns}
        rows={shown}
        rowKey={({ name }) => name}
        sort={sort}
        defaultSort={{ id: 'name', desc: false }}
        onSort={setSort}
      />
    </section>
  );
}

function columnsOf(zone: Zone): Column<Fact>[] {
  return [
    { id: 'name', header: 'Name', width: 2, sortBy: ({ name }) => name, cell: ({ name }) => name },
    { id: 'value', header: 'Value', width: 2, sortBy: ({ value }) => value, cell: ({ value }) => value },
    {
      id: 'witness',
      header: 'Read from',
      width: 2,
      sortBy: ({ witness }) => witness,
      cell: ({ witness }) => <code>{witness}</code>,
    },
    {
      id: 'at',
      header: 'Since',
      numeric: true,
      width: 1.4,
      sortBy: ({ at }) => at,
      cell: ({ at }) => formatInstant(Date.parse(at), zone),
    },
  ];
}
