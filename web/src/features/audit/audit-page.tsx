import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Act } from '../../../../server/api/schema/acts.ts';
import { useAudit } from '../../api/acts.ts';
import { Badge } from '../../components/badge.tsx';
import { Choice } from '../../components/choice.tsx';
import { FilterBox } from '../../components/filter-box.tsx';
import { More } from '../../components/more.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty } from '../../components/states.tsx';
import { formatInstant, zoneName } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { SlaPage } from '../shell/sla-page.tsx';
import { TellingNav } from '../shell/telling-nav.tsx';
import { actNames, actText, chainHolds, detailsText, filterActs, roadText, whoText } from './model.ts';

export function AuditPage() {
  const { search, zone } = useUrl();
  const { subject, act } = search;
  const audit = useAudit(search);
  return (
    <SlaPage title="What people did" time={`Times in ${zoneName(zone)}`}>
      <TellingNav />
      <QueryView query={audit} what="what people did">
        {(items) =>
          items.length === 0 && subject === undefined && act === undefined ? (
            <Empty title="Nobody did anything yet">
              <p>Silences, comments, tests, keys and whatever else people do about being told stands here once done.</p>
            </Empty>
          ) : (
            <Log acts={items} holds={chainHolds(audit.pages ?? [])}>
              <More {...audit} shown={items.length} what="acts" />
            </Log>
          )
        }
      </QueryView>
    </SlaPage>
  );
}

function Log(props: { readonly acts: readonly Act[]; readonly holds: boolean; readonly children: ReactNode }) {
  const { acts, holds, children } = props;
  const url = useUrl();
  const shown = filterActs(acts, url.filter);
  return (
    <section className="panel" aria-label="What people did, the last first">
      <header className="panel-head">
        <h2>Acts</h2>
        <div className="choices">
          {holds ? <Badge tone="ok">chain of acts holds</Badge> : <Badge tone="bad">chain of acts is broken</Badge>}
          {url.search.subject === undefined ? null : (
            <span>
              about <b>{url.search.subject}</b>{' '}
              <button type="button" className="quiet" onClick={() => url.choose('subject', '')}>
                show all
              </button>
            </span>
          )}
          <Choice
            label="Act"
            all="all acts"
            value={url.search.act ?? ''}
            options={actNames.map((act) => [act, actText(act)])}
            choose={(act) => url.choose('act', act)}
          />
          <FilterBox label="Filter acts" shown={shown.length} of={acts.length} />
        </div>
      </header>
      {holds ? null : (
        <p className="loss none">
          The hashes of these acts do not fit together: a record was changed after it was made.
        </p>
      )}
      {shown.length === 0 ? (
        <p className="none">No act fits.</p>
      ) : (
        <ol className="timeline">
          {shown.map((act) => (
            <Row key={act.ordinal} act={act} />
          ))}
        </ol>
      )}
      {children}
    </section>
  );
}

function Row({ act }: { readonly act: Act }) {
  const { zone } = useUrl();
  const { at, via, comment, ordinal, sha256 } = act;
  const details = detailsText(act);
  return (
    <li>
      <p>
        <span className="num">{formatInstant(Date.parse(at), zone)}</span> <b>{whoText(act)}</b> {actText(act.act)}{' '}
        <Subject act={act} /> <span className="muted">{roadText(via)}</span>
      </p>
      {comment === '' ? null : <p>{comment}</p>}
      {details === '' ? null : <p className="muted">{details}</p>}
      <p className="muted small num">
        Act {ordinal}, sha256 <code className="hash">{sha256}</code>
      </p>
    </li>
  );
}

/** Where that which it was done to can be seen. */
function Subject({ act: { act, subject } }: { readonly act: Act }) {
  const { carried } = useUrl();
  if (act.startsWith('breach.')) {
    return (
      <Link to="/breaches/$id" params={{ id: subject }} search={carried}>
        {subject}
      </Link>
    );
  }
  if (act.startsWith('silence.')) {
    return (
      <Link to="/silences" search={{ ...carried, filter: subject }}>
        {subject}
      </Link>
    );
  }
  if (act.startsWith('receiver.')) {
    return (
      <Link to="/notifications" search={{ ...carried, receiver: subject }}>
        {subject}
      </Link>
    );
  }
  return <b>{subject}</b>;
}
