import type { Slo } from '../../../../server/api/schema/slos.ts';
import { useSlos } from '../../api/slos.ts';
import { FilterBox } from '../../components/filter-box.tsx';
import { More } from '../../components/more.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty, NoData } from '../../components/states.tsx';
import { useUrl } from '../../url/use-url.ts';
import { StateChoice, TenantChoice } from '../shell/filtered-list.tsx';
import { SlaPage } from '../shell/sla-page.tsx';
import { filterSlos, states, stateWords } from './model.ts';
import { SloTable } from './slo-table.tsx';

export function SlosPage() {
  const { search } = useUrl();
  const slos = useSlos(search);
  const all = search.tenant === undefined && search.state === undefined;
  return (
    <SlaPage title="Objectives" time="Judged now, the worst first; each window in its own zone">
      <QueryView query={slos} what="objectives">
        {(items) =>
          items.length === 0 && all ? (
            <NoObjectives />
          ) : (
            <Objectives slos={items}>
              <More {...slos} shown={items.length} what="objectives" />
            </Objectives>
          )
        }
      </QueryView>
    </SlaPage>
  );
}

function Objectives({ slos, children }: { readonly slos: readonly Slo[]; readonly children: React.ReactNode }) {
  const url = useUrl();
  const shown = filterSlos(slos, url.filter);
  const unknown = slos.length > 0 && slos.every(({ state }) => state === 'stale');
  return (
    <>
      {unknown ? <NoData>Of none of these objectives the present is known: neither kept nor broken.</NoData> : null}
      <section className="panel" aria-label="Objectives and their budgets">
        <header className="panel-head">
          <h2>Objectives</h2>
          <div className="choices">
            <TenantChoice />
            <StateChoice states={states} words={stateWords} />
            <FilterBox label="Filter objectives" shown={shown.length} of={slos.length} />
          </div>
        </header>
        <SloTable slos={shown} carried={url.carried} sort={url.sort} onSort={url.setSort} />
        {shown.length === 0 ? <p className="none">No objective fits.</p> : null}
        {children}
      </section>
    </>
  );
}

function NoObjectives() {
  return (
    <Empty title="No objectives yet">
      <p>Nothing has been promised, so nothing is judged. Write down what was, as OpenSLO, and apply it:</p>
      <pre>
        <code>fournines slo apply -f acme.yaml</code>
      </pre>
      <p>
        <code>docs/objectives.md</code> has an objective to begin with, and what each key means.
      </p>
    </Empty>
  );
}
