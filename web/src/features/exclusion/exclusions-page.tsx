import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { Exclusion } from '../../../../server/api/schema/exclusions.ts';
import { useExclusions } from '../../api/exclusions.ts';
import { useTenants } from '../../api/tenants.ts';
import { Choice } from '../../components/choice.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty } from '../../components/states.tsx';
import { formatInstant, type Zone, zoneName } from '../../format/time.ts';
import type { Search } from '../../url/search.ts';
import { useUrl } from '../../url/use-url.ts';
import { FilteredList, StateChoice } from '../shell/filtered-list.tsx';
import { SlaPage } from '../shell/sla-page.tsx';
import { WordBadge } from '../slo/word-badge.tsx';
import { categoryNames, exclusionStates, exclusionWords, filterExclusions } from './model.ts';
import { RequestForm } from './request-form.tsx';

export function ExclusionsPage() {
  const { search, zone } = useUrl();
  const exclusions = useExclusions(search);
  const services = (useTenants().data?.items ?? []).flatMap((tenant) => tenant.services.map(({ name }) => name));
  const [asking, setAsking] = useState(false);
  const all = search.service === undefined && search.state === undefined;
  return (
    <SlaPage title="Exclusions" time={`Times in ${zoneName(zone)}`}>
      <p className="page-action">
        <button type="button" className="primary" aria-expanded={asking} onClick={() => setAsking(!asking)}>
          Ask for an exclusion
        </button>
      </p>
      {asking ? <RequestForm services={services} /> : null}
      <QueryView query={exclusions} what="exclusions">
        {({ items }) => (items.length === 0 && all ? <NoExclusions /> : <List items={items} services={services} />)}
      </QueryView>
    </SlaPage>
  );
}

function List({ items, services }: { readonly items: readonly Exclusion[]; readonly services: readonly string[] }) {
  const url = useUrl();
  const { zone, carried } = url;
  const columns = useMemo(() => columnsOf(zone, carried), [zone, carried]);
  const shown = filterExclusions(items, url.filter);
  return (
    <FilteredList
      title="Exclusions"
      label="Time that is left out"
      one="exclusion"
      choices={
        <>
          <Choice
            label="Service"
            all="all services"
            value={url.search.service ?? ''}
            options={services.map((name) => [name, name])}
            choose={(service) => url.choose('service', service)}
          />
          <StateChoice states={exclusionStates} words={exclusionWords} />
        </>
      }
      of={items.length}
      rows={shown}
      columns={columns}
      rowKey={({ id }) => id}
      defaultSort={{ id: 'from', desc: true }}
      minWidth={980}
    />
  );
}

function columnsOf(zone: Zone, carried: Search): Column<Exclusion>[] {
  return [
    {
      id: 'reason',
      header: 'Reason',
      width: 3,
      sortBy: ({ reason }) => reason,
      cell: ({ id, reason, category }) => (
        <>
          <Link to="/exclusions/$id" params={{ id }} search={carried}>
            {reason}
          </Link>
          <span className="second">{categoryNames[category]}</span>
        </>
      ),
    },
    { id: 'service', header: 'Service', width: 1.4, sortBy: ({ service }) => service, cell: ({ service }) => service },
    {
      id: 'state',
      header: 'State',
      width: 1.4,
      sortBy: ({ state }) => exclusionStates.indexOf(state),
      cell: ({ state, warnings }) => (
        <>
          <WordBadge words={exclusionWords[state]} />
          {warnings.length === 0 ? null : (
            <span className="second loss" title={warnings.join('\n')}>
              <Icon name="warn" size={11} /> {warnings.length} {warnings.length === 1 ? 'warning' : 'warnings'}
            </span>
          )}
        </>
      ),
    },
    {
      id: 'from',
      header: 'From',
      numeric: true,
      width: 1.6,
      sortBy: ({ from }) => from,
      cell: ({ from, to }) => (
        <>
          {formatInstant(Date.parse(from), zone)}
          <span className="second">to {formatInstant(Date.parse(to), zone)}</span>
        </>
      ),
    },
    {
      id: 'asked',
      header: 'Asked for by',
      width: 1,
      sortBy: ({ requestedBy }) => requestedBy,
      cell: ({ requestedBy }) => requestedBy,
    },
    {
      id: 'decided',
      header: 'Decided by',
      width: 1,
      sortBy: ({ decidedBy }) => decidedBy,
      cell: ({ decidedBy }) => decidedBy ?? <span className="muted">nobody yet</span>,
    },
  ];
}

function NoExclusions() {
  return (
    <Empty title="No exclusions">
      <p>
        All time counts. Maintenance and other time that both sides agree to leave out is asked for here by one person
        and approved by another; each figure exists with it and without. Objectives come first:{' '}
        <code>fournines slo apply -f acme.yaml</code>
      </p>
    </Empty>
  );
}
