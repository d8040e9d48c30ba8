import { getRouteApi, Link } from '@tanstack/react-router';
import type { AdviceDetail } from '../../../../server/api/schema/remediation.ts';
import { useAdvice, useDatapaths } from '../../api/advice.ts';
import { CopyText } from '../../components/copy-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { NoData } from '../../components/states.tsx';
import { Trail } from '../../components/trail.tsx';
import { formatInstant, zoneName } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { SlaPage } from '../shell/sla-page.tsx';
import { WordBadge } from '../slo/word-badge.tsx';
import { Gates } from './gates.tsx';
import {
  acceptableText,
  certificateText,
  decisionWords,
  diagnosisWords,
  isOfThen,
  noPlanText,
  searchedText,
} from './model.ts';
import { OutcomePanel } from './outcome-panel.tsx';
import { PlacementPanel } from './placement-panel.tsx';
import { WaysPanel } from './ways-panel.tsx';

const route = getRouteApi('/advice/$id');
const exact = { exact: true, includeSearch: false };

/** One piece of advice: what to move, the proof of it, and why not otherwise. */
export function PlanPage() {
  const { id } = route.useParams();
  const { carried, zone } = useUrl();
  const advice = useAdvice(id);
  const list = (
    <Link to="/advice" search={carried} activeOptions={exact}>
      Advice
    </Link>
  );
  const title = advice.data === undefined ? id : `${decisionTitle(advice.data)} for ${advice.data.host}`;
  return (
    <SlaPage title={title} trail={<Trail steps={[list]} here={id} />} time={`Times in ${zoneName(zone)}`}>
      <QueryView query={advice} what={`advice ${id}`}>
        {(found) => (
          <>
            <OfThen advice={found} />
            <Summary advice={found} />
            {found.before.length === 0 ? (
              <NoData>
                Nobody knows how queues lie on cores with which load: it lacks {found.lacks.join(', ') || 'readings'}.
              </NoData>
            ) : (
              <PlacementPanel advice={found} />
            )}
            <WaysPanel advice={found} />
            {found.moves.length === 0 ? null : <OutcomePanel outcome={found.outcome} />}
            <Readings advice={found} />
          </>
        )}
      </QueryView>
    </SlaPage>
  );
}

function decisionTitle({ decision }: AdviceDetail): string {
  return decision === 'none' ? 'No plan' : 'Plan';
}

/** Says so where the datapath has gone on since. */
function OfThen({ advice }: { readonly advice: AdviceDetail }) {
  const { carried } = useUrl();
  const now = isOfThen(advice, useDatapaths().data?.items ?? []);
  if (now === undefined) return null;
  return (
    <p className="notice" role="status">
      This was advised then. The datapath is now: {diagnosisWords[now.diagnosis].name}
      {now.advice === null ? '.' : '; '}
      {now.advice === null ? null : (
        <Link to="/advice/$id" params={{ id: now.advice }} search={carried}>
          what is advised last
        </Link>
      )}
    </p>
  );
}

function Summary({ advice }: { readonly advice: AdviceDetail }) {
  const { zone, carried } = useUrl();
  const { id, host, datapath, at, decision, diagnosis, gates, certificate, limits, chain, entry } = advice;
  return (
    <section className="panel summary" aria-label="The advice in short">
      <p>
        <WordBadge words={diagnosisWords[diagnosis]} /> {diagnosisWords[diagnosis].meaning}
      </p>
      <p>
        <WordBadge words={decisionWords[decision]} /> {decisionWords[decision].meaning}
      </p>
      <p className="afford">{certificateText(advice) ?? noPlanText(advice)}</p>
      {certificate === null || limits === null ? null : (
        <p className="muted">
          {searchedText(certificate, limits)} {acceptableText(limits)}
        </p>
      )}
      {decision !== 'held' ? null : (
        <div>
          Held back by: <Gates gates={gates} />
        </div>
      )}
      <p className="muted num">
        <Link to="/hosts/$host" params={{ host }} search={{ ...carried, tab: 'ledger' }}>
          {host}
        </Link>
        , {datapath}, at {formatInstant(Date.parse(at), zone)}; entry {entry} of its chain, which{' '}
        {chain === 'holds' ? 'holds' : 'is BROKEN: what came before is not what it was'}
      </p>
      {advice.before.length === 0 ? null : (
        <CopyText
          label="the command that makes the same plan"
          text={`curl -s ${location.origin}/api/v1/remediation/advice/${id} | jq .input > F.json && fournines plan --input F.json`}
        />
      )}
    </section>
  );
}

function Readings({ advice }: { readonly advice: AdviceDetail }) {
  const { because, gates, lacks, resolutionPpm, engine } = advice;
  return (
    <section className="panel" aria-label="What it rests on">
      <header className="panel-head">
        <h2>What it rests on</h2>
        <span className="muted num">
          shares of queues are told in steps of {resolutionPpm / 10_000} %; rules {engine}
        </span>
      </header>
      <dl className="pairs rests">
        <dt>Seen by</dt>
        <dd>
          <ul className="gates">
            {because.map((reading) => (
              <li key={reading}>{reading}</li>
            ))}
          </ul>
        </dd>
        <dt>Gates that held</dt>
        <dd>
          <Gates gates={gates} />
        </dd>
        <dt>Not known</dt>
        <dd>{lacks.length === 0 ? <span className="muted">nothing that decides</span> : lacks.join(', ')}</dd>
      </dl>
    </section>
  );
}
