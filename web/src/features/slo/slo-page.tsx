import { getRouteApi, Link } from '@tanstack/react-router';
import type { SloDetail } from '../../../../server/api/schema/slos.ts';
import { useSlo } from '../../api/slos.ts';
import { Icon } from '../../components/icon.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { NoData } from '../../components/states.tsx';
import { Trail } from '../../components/trail.tsx';
import { formatInstant, zoneName } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { BudgetPanel } from '../budget/budget-panel.tsx';
import { SlaPage } from '../shell/sla-page.tsx';
import { WhatIfPanel } from '../what-if/what-if-panel.tsx';
import { BurnTable } from './burn-table.tsx';
import { leadingWindow, promiseText, stateWords, termsText } from './model.ts';
import { BurnMarks, SloState } from './slo-words.tsx';
import { VersionsTable } from './versions-table.tsx';
import { WindowCard } from './window-card.tsx';

const route = getRouteApi('/objectives/$slo');
const exact = { exact: true, includeSearch: false };

export function SloPage() {
  const { slo: name } = route.useParams();
  const { carried } = useUrl();
  const slo = useSlo(name);
  const list = (
    <Link to="/objectives" search={carried} activeOptions={exact}>
      Objectives
    </Link>
  );
  return (
    <SlaPage title={name} trail={<Trail steps={[list]} here={name} />}>
      <QueryView query={slo} what={`objective ${name}`}>
        {(found) => <Objective slo={found} />}
      </QueryView>
    </SlaPage>
  );
}

function Objective({ slo }: { readonly slo: SloDetail }) {
  const { zone } = useUrl();
  const leading = leadingWindow(slo);
  const windowSeconds =
    leading === null ? 30 * 86_400 : (Date.parse(leading.window.to) - Date.parse(leading.window.from)) / 1_000;
  const nothingKnown = leading !== null && leading.coverage.den > 0 && leading.coverage.num === 0;
  return (
    <>
      <Summary slo={slo} />
      {slo.stale === null ? null : (
        <p className="banner" data-banner="slo">
          <Icon name="stale" /> <strong>Stale.</strong> No complete slot of {slo.stale.hosts.join(', ')} since{' '}
          {formatInstant(Date.parse(slo.stale.since), zone)} {zoneName(zone)}: what has happened since is unknown, and
          no tier fires or rests on it.
        </p>
      )}
      {nothingKnown ? (
        <NoData>No second of this window is known so far: the promise is neither kept nor broken.</NoData>
      ) : null}
      <div className="columns">
        <WindowCard title="Calendar window" window={slo.calendar} sli={slo.sli} />
        <WindowCard title="Rolling window" window={slo.rolling} sli={slo.sli} />
      </div>
      <BudgetPanel slo={slo} />
      <BurnTable burn={slo.burn} target={slo.target} windowSeconds={windowSeconds} />
      <WhatIfPanel slo={slo} />
      <VersionsTable versions={slo.versions} zone={zone} />
    </>
  );
}

function Summary({ slo }: { readonly slo: SloDetail }) {
  const { carried } = useUrl();
  const { name, service, tenant, ports, state, burn } = slo;
  return (
    <section className="panel summary" aria-label="The objective in short">
      <p>
        <SloState state={state} /> {stateWords[state].meaning} <BurnMarks burn={burn} />
      </p>
      <p>
        <b className="num">{promiseText(slo)}</b> <span className="muted">{termsText(slo)}</span>
      </p>
      <p className="muted">
        Service {service}
        {', tenant '}
        {tenant === null ? (
          'none'
        ) : (
          <Link to="/tenants/$tenant" params={{ tenant }} search={carried}>
            {tenant}
          </Link>
        )}
        {', ports '}
        {ports.join(', ')}
      </p>
      <p>
        <Link to="/breaches" search={{ ...carried, slo: name }}>
          Breaches of this objective
        </Link>
      </p>
    </section>
  );
}
