import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Tenant } from '../../../../server/api/schema/slos.ts';
import { useTenants } from '../../api/tenants.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { FilterBox } from '../../components/filter-box.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty } from '../../components/states.tsx';
import type { Search } from '../../url/search.ts';
import { useUrl } from '../../url/use-url.ts';
import { SlaPage } from '../shell/sla-page.tsx';

export function TenantsPage() {
  const tenants = useTenants();
  return (
    <SlaPage title="Tenants">
      <QueryView query={tenants} what="tenants">
        {({ items }) => (items.length === 0 ? <NoTenants /> : <Tenants tenants={items} />)}
      </QueryView>
    </SlaPage>
  );
}

function Tenants({ tenants }: { readonly tenants: readonly Tenant[] }) {
  const { filter, carried, sort, setSort } = useUrl();
  const columns = useMemo(() => columnsOf(carried), [carried]);
  const shown = tenants.filter(({ name, displayName, services }) =>
    `${name} ${displayName} ${services.map((service) => service.name).join(' ')}`
      .toLowerCase()
      .includes(filter.toLowerCase()),
  );
  return (
    <section className="panel" aria-label="Tenants and what was promised to them">
      <header className="panel-head">
        <h2>Tenants</h2>
        <FilterBox label="Filter tenants" shown={shown.length} of={tenants.length} />
      </header>
      <DataTable
        caption="Tenants"
        columns={columns}
        rows={shown}
        rowKey={({ name }) => name}
        sort={sort}
        defaultSort={{ id: 'name', desc: false }}
        onSort={setSort}
      />
      {shown.length === 0 ? <p className="none">No tenant fits the filter “{filter}”.</p> : null}
    </section>
  );
}

function columnsOf(carried: Search): Column<Tenant>[] {
  return [
    {
      id: 'name',
      header: 'Tenant',
      width: 2,
      sortBy: ({ displayName }) => displayName,
      cell: ({ name, displayName }) => (
        <Link to="/tenants/$tenant" params={{ tenant: name }} search={carried}>
          {displayName}
        </Link>
      ),
    },
    { id: 'zone', header: 'Zone of its calendar', width: 1.6, sortBy: ({ zone }) => zone, cell: ({ zone }) => zone },
    {
      id: 'services',
      header: 'Services',
      width: 2.4,
      sortBy: ({ services }) => services.length,
      cell: ({ services }) => services.map(({ displayName }) => displayName).join(', '),
    },
    {
      id: 'ports',
      header: 'Ports',
      numeric: true,
      width: 0.7,
      sortBy: ({ services }) => portsOf(services),
      cell: ({ services }) => portsOf(services),
    },
    {
      id: 'objectives',
      header: 'Objectives',
      numeric: true,
      width: 1,
      sortBy: ({ objectives }) => objectives.length,
      cell: ({ name, objectives }) => (
        <Link to="/objectives" search={{ ...carried, tenant: name }}>
          {objectives.length}
          <span className="hidden"> objectives of {name}</span>
        </Link>
      ),
    },
  ];
}

function portsOf(services: Tenant['services']): number {
  return new Set(services.flatMap(({ ports }) => ports)).size;
}

function NoTenants() {
  return (
    <Empty title="No tenants yet">
      <p>Nobody has been promised anything. Tenants, their services and agreements are applied together:</p>
      <pre>
        <code>fournines slo apply -f acme.yaml</code>
      </pre>
    </Empty>
  );
}
