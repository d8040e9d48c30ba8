import { getRouteApi, Link } from '@tanstack/react-router';
import type { MonthCalendar, Tenant } from '../../../../server/api/schema/slos.ts';
import { useMonthCalendar, useTenants } from '../../api/tenants.ts';
import { Icon } from '../../components/icon.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty, NoData } from '../../components/states.tsx';
import { Trail } from '../../components/trail.tsx';
import { useUrl } from '../../url/use-url.ts';
import { SlaPage } from '../shell/sla-page.tsx';
import { CreditsPanel } from './credits-table.tsx';
import { monthName, shiftMonth } from './model.ts';
import { MonthGrid } from './month-grid.tsx';

const route = getRouteApi('/tenants/$tenant');
const exact = { exact: true, includeSearch: false };

export function TenantPage() {
  const { tenant: name } = route.useParams();
  const { carried, search } = useUrl();
  const calendar = useMonthCalendar(name, search.month);
  const tenant = useTenants().data?.items.find((item) => item.name === name);
  const list = (
    <Link to="/tenants" search={carried} activeOptions={exact}>
      Tenants
    </Link>
  );
  return (
    <SlaPage
      title={tenant?.displayName ?? name}
      trail={<Trail steps={[list]} here={name} />}
      time={calendar.data === undefined ? undefined : `Days of ${calendar.data.zone}`}
    >
      <QueryView query={calendar} what="calendar">
        {(found) => <MonthPanel calendar={found} />}
      </QueryView>
      <CreditsPanel tenant={name} month={search.month} />
      {tenant === undefined ? null : <Services tenant={tenant} />}
    </SlaPage>
  );
}

function MonthPanel({ calendar }: { readonly calendar: MonthCalendar }) {
  const { month, objectives, tenant } = calendar;
  if (objectives.length === 0) {
    return (
      <Empty title="No objectives yet">
        <p>Nothing was promised to {tenant} in this month. Apply an objective of one of its services:</p>
        <pre>
          <code>fournines slo apply -f objective.yaml</code>
        </pre>
      </Empty>
    );
  }
  const nothingKnown = objectives.every(
    ({ figures }) => figures.slots.observed + figures.slots.bridged + figures.slots.idle === 0,
  );
  return (
    <>
      {nothingKnown ? (
        <NoData>Of no day of {monthName(month)} anything is known: the promises are neither kept nor broken.</NoData>
      ) : null}
      <section className="panel" aria-label="Calendar">
        <header className="panel-head">
          <h2>{monthName(month)}</h2>
          <MonthSwitch month={month} />
        </header>
        <MonthGrid calendar={calendar} caption={`Bad seconds or packets of each day, ${monthName(month)}`} />
      </section>
    </>
  );
}

function MonthSwitch({ month }: { readonly month: string }) {
  const { choose, search } = useUrl();
  return (
    <fieldset className="range">
      <legend className="hidden">Month</legend>
      <button type="button" aria-label="The month before" onClick={() => choose('month', shiftMonth(month, -1))}>
        <Icon name="back" />
      </button>
      <button type="button" aria-pressed={search.month === undefined} onClick={() => choose('month', '')}>
        This month
      </button>
      <button type="button" aria-label="The month after" onClick={() => choose('month', shiftMonth(month, 1))}>
        <Icon name="forward" />
      </button>
    </fieldset>
  );
}

function Services({ tenant }: { readonly tenant: Tenant }) {
  const { carried } = useUrl();
  return (
    <section className="panel" aria-label="Services">
      <header className="panel-head">
        <h2>Services</h2>
        <Link to="/objectives" search={{ ...carried, tenant: tenant.name }}>
          Objectives of this tenant
        </Link>
      </header>
      <div className="table-scroll">
        <table className="sums">
          <caption className="hidden">Services and their ports</caption>
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">Ports</th>
              <th scope="col">Time left out</th>
            </tr>
          </thead>
          <tbody>
            {tenant.services.map(({ name, displayName, ports }) => (
              <tr key={name}>
                <th scope="row">
                  {displayName} {displayName === name ? null : <span className="muted small">{name}</span>}
                </th>
                <td>{ports.join(', ')}</td>
                <td>
                  <Link to="/exclusions" search={{ ...carried, service: name }}>
                    Exclusions of {name}
                  </Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
