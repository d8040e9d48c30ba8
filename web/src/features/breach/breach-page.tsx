import { getRouteApi, Link } from '@tanstack/react-router';
import type { BreachDetail } from '../../../../server/api/schema/breaches.ts';
import { bundlePath, useAcknowledge, useBreach } from '../../api/breaches.ts';
import { Badge } from '../../components/badge.tsx';
import { CopyText } from '../../components/copy-text.tsx';
import { PersonForm } from '../../components/person-form.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Failure, NoData } from '../../components/states.tsx';
import { Trail } from '../../components/trail.tsx';
import { formatInstant, zoneName } from '../../format/time.ts';
import { formatWindow } from '../../format/zone-time.ts';
import { useUrl } from '../../url/use-url.ts';
import { SlaPage } from '../shell/sla-page.tsx';
import { WordBadge } from '../slo/word-badge.tsx';
import { Causes } from './causes.tsx';
import { Changes } from './changes.tsx';
import { Comments } from './comments.tsx';
import { breachWords, canAcknowledge, lastBundle, lengthText, severityText, subjectText } from './model.ts';

const route = getRouteApi('/breaches/$id');
const exact = { exact: true, includeSearch: false };

export function BreachPage() {
  const { id } = route.useParams();
  const { carried, zone } = useUrl();
  const breach = useBreach(id);
  const list = (
    <Link to="/breaches" search={carried} activeOptions={exact}>
      Breaches
    </Link>
  );
  const title = breach.data === undefined ? id : `${breach.data.slo}: ${breachWords[breach.data.state].name}`;
  return (
    <SlaPage title={title} trail={<Trail steps={[list]} here={id} />} time={`Times in ${zoneName(zone)}`}>
      <QueryView query={breach} what={`breach ${id}`}>
        {(found) => (
          <>
            <Summary breach={found} />
            <Causes causes={found.causes} />
            <Comments breach={id} />
            <Proof breach={found} />
            <Changes breach={found} />
          </>
        )}
      </QueryView>
    </SlaPage>
  );
}

function Summary({ breach }: { readonly breach: BreachDetail }) {
  const { carried, zone, nowMs } = useUrl();
  const { slo, sloVersion, service, tenant, state, window, openedAt, endedAt, acknowledgedBy, id } = breach;
  const last = breach.changes.at(-1);
  return (
    <>
      {last !== undefined &&
      last.figures.slots.observed + last.figures.slots.bridged + last.figures.slots.idle === 0 ? (
        <NoData>No second of the window was known when this was last judged.</NoData>
      ) : null}
      <section className="panel summary" aria-label="The breach in short">
        <p>
          <WordBadge words={breachWords[state]} /> {breachWords[state].meaning}
        </p>
        <p className="afford">
          {subjectText(breach)}: {severityText(breach)}
        </p>
        <p className="num">
          Began {formatInstant(Date.parse(openedAt), zone)}
          {endedAt === null ? '' : `, ended ${formatInstant(Date.parse(endedAt), zone)}`} ({lengthText(breach, nowMs())}
          )
        </p>
        <p className="muted num">
          Objective{' '}
          <Link to="/objectives/$slo" params={{ slo }} search={carried}>
            {slo}
          </Link>{' '}
          (version {sloVersion}), service {service}, tenant{' '}
          {tenant === null ? (
            'none'
          ) : (
            <Link to="/tenants/$tenant" params={{ tenant }} search={carried}>
              {tenant}
            </Link>
          )}
          ; window {formatWindow(window)} {window.zone}
        </p>
        {acknowledgedBy === null ? null : <p>{acknowledgedBy} takes care of it.</p>}
        {endedAt === null ? (
          <p>
            <Link to="/silences" search={{ ...carried, slo, breach: id }}>
              Silence it
            </Link>{' '}
            <span className="muted">while it is worked on: it goes on being judged.</span>
          </p>
        ) : null}
        {canAcknowledge(breach) ? <Acknowledge id={id} /> : null}
      </section>
    </>
  );
}

function Acknowledge({ id }: { readonly id: string }) {
  const acknowledge = useAcknowledge(id);
  return (
    <>
      <PersonForm
        label="Acknowledge"
        verbs={[['acknowledge', 'I take care of it']]}
        commentLabel="What is being done"
        pending={acknowledge.isPending}
        send={(_verb, said) => acknowledge.mutate(said)}
      />
      {acknowledge.error === null ? null : <Failure error={acknowledge.error} />}
    </>
  );
}

/** How anybody else gets the same integers. */
function Proof({ breach }: { readonly breach: BreachDetail }) {
  const { id, changes, chain, command } = breach;
  const last = lastBundle(changes);
  return (
    <section className="panel" aria-label="Proof">
      <header className="panel-head">
        <h2>Proof</h2>
        {chain === 'holds' ? (
          <Badge tone="ok">chain of changes holds</Badge>
        ) : (
          <Badge tone="bad">chain of changes is broken</Badge>
        )}
      </header>
      <div className="proof">
        {chain === 'holds' ? null : (
          <p className="loss">The hashes of its changes do not fit together: a record was changed after it was made.</p>
        )}
        {last === null || last.evidence === null ? (
          <p className="unknown">No bundle was made for any change; each says why.</p>
        ) : (
          <>
            <p>
              <a className="button" href={bundlePath(id, last.entry)} download="">
                Download bundle
              </a>{' '}
              <span className="muted num">
                of change {last.entry}: objective, slots and exclusions in {last.evidence.lines} lines, sha256{' '}
                <code className="hash">{last.evidence.sha256}</code>
              </span>
            </p>
            <p className="muted">
              Unpacked, this gives the figures below again, on any machine and without asking this server:
            </p>
            <CopyText text={command} label="the command" />
          </>
        )}
      </div>
    </section>
  );
}
