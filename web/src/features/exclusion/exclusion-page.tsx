import { getRouteApi, Link } from '@tanstack/react-router';
import type { ExclusionDetail } from '../../../../server/api/schema/exclusions.ts';
import { type Decision, useDecide, useExclusion } from '../../api/exclusions.ts';
import { Badge } from '../../components/badge.tsx';
import { Icon } from '../../components/icon.tsx';
import { PersonForm } from '../../components/person-form.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Failure } from '../../components/states.tsx';
import { Trail } from '../../components/trail.tsx';
import { formatSpan } from '../../format/duration.ts';
import { formatInstant, type Zone, zoneName } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { SlaPage } from '../shell/sla-page.tsx';
import { WordBadge } from '../slo/word-badge.tsx';
import { EffectTable } from './effect-table.tsx';
import { categoryNames, decisionsFor, exclusionWords } from './model.ts';

const route = getRouteApi('/exclusions/$id');
const exact = { exact: true, includeSearch: false };

export function ExclusionPage() {
  const { id } = route.useParams();
  const { carried, zone } = useUrl();
  const exclusion = useExclusion(id);
  const list = (
    <Link to="/exclusions" search={carried} activeOptions={exact}>
      Exclusions
    </Link>
  );
  return (
    <SlaPage title="Exclusion" trail={<Trail steps={[list]} here={id} />} time={`Times in ${zoneName(zone)}`}>
      <QueryView query={exclusion} what={`exclusion ${id}`}>
        {(found) => (
          <>
            <Summary exclusion={found} zone={zone} />
            <EffectTable exclusion={found} />
            <Decide key={found.revision} exclusion={found} />
            <AuditTrail exclusion={found} zone={zone} />
          </>
        )}
      </QueryView>
    </SlaPage>
  );
}

function Summary({ exclusion, zone }: { readonly exclusion: ExclusionDetail; readonly zone: Zone }) {
  const { state, reason, service, category, from, to, requestedBy, requestedAt, decidedBy, notice, warnings } =
    exclusion;
  const time = (instant: string) => formatInstant(Date.parse(instant), zone);
  return (
    <section className="panel summary" aria-label="The exclusion in short">
      <p>
        <WordBadge words={exclusionWords[state]} /> {exclusionWords[state].meaning}
      </p>
      <p className="afford">{reason}</p>
      <p className="num">
        {time(from)} – {time(to)} ({formatSpan((Date.parse(to) - Date.parse(from)) / 1_000)}) of service{' '}
        <b>{service}</b>, {categoryNames[category]}
      </p>
      <p className="num muted">
        Asked for by {requestedBy} at {time(requestedAt)}
        {decidedBy === null ? '; nobody has decided yet' : `; decided by ${decidedBy}`}
      </p>
      <p className="num">
        {notice === null ? (
          <span className="muted">No proof that the tenant was told.</span>
        ) : (
          `The tenant was told at ${time(notice.givenAt)}: ${notice.reference}`
        )}
      </p>
      {warnings.map((warning) => (
        <p className="loss" key={warning}>
          <Icon name="warn" size={13} /> {warning}
        </p>
      ))}
    </section>
  );
}

const verbs: Record<Decision, string> = { approve: 'Approve', reject: 'Reject', revoke: 'Revoke' };

function Decide({ exclusion }: { readonly exclusion: ExclusionDetail }) {
  const decide = useDecide(exclusion.id);
  const decisions = decisionsFor(exclusion.state);
  if (decisions.length === 0) return null;
  return (
    <section className="panel" aria-label="Decision">
      <header className="panel-head">
        <h2>Decision</h2>
        <span className="muted">By another person than {exclusion.requestedBy}, who asked for it.</span>
      </header>
      <PersonForm
        label="Decide"
        verbs={decisions.map((decision) => [decision, verbs[decision]])}
        pending={decide.isPending}
        send={(decision, body) => decide.mutate({ decision, body })}
      >
        {decide.isSuccess ? <span role="status">Done.</span> : null}
      </PersonForm>
      {decide.error === null ? null : <Failure error={decide.error} />}
    </section>
  );
}

/** Who did what. Events are never changed: each has the hash of the one before. */
function AuditTrail({ exclusion, zone }: { readonly exclusion: ExclusionDetail; readonly zone: Zone }) {
  const { brokenAt } = exclusion;
  return (
    <section className="panel" aria-label="Audit trail">
      <header className="panel-head">
        <h2>Audit trail</h2>
        {brokenAt === null ? null : <Badge tone="bad">revision {brokenAt} is not what was recorded</Badge>}
      </header>
      <ol className="timeline">
        {exclusion.events.map(({ revision, at, state, by, comment, sha256, previous }) => (
          <li key={revision}>
            <p>
              <span className="num">{formatInstant(Date.parse(at), zone)}</span>{' '}
              <WordBadge words={exclusionWords[state]} /> by <b>{by}</b>
              {comment === '' ? '' : `: ${comment}`}
            </p>
            <p className="muted small">
              sha256 <code className="hash">{sha256}</code>
              {previous === null ? '' : ', which holds that of the event before'}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}
