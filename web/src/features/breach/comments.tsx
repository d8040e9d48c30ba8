import { Link } from '@tanstack/react-router';
import type { BreachComments } from '../../../../server/api/schema/acts.ts';
import { useComments, useSay } from '../../api/acts.ts';
import { PersonForm } from '../../components/person-form.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Failure } from '../../components/states.tsx';
import { formatInstant } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { roadText } from '../audit/model.ts';

/** What people say of it, the first one first. What was said stays. */
export function Comments({ breach }: { readonly breach: string }) {
  const { carried } = useUrl();
  const comments = useComments(breach);
  const say = useSay(breach);
  return (
    <section className="panel" aria-label="Comments">
      <header className="panel-head">
        <h2>Comments</h2>
        <Link to="/audit" search={{ ...carried, subject: breach }}>
          What people did
        </Link>
      </header>
      <QueryView query={comments} what="comments">
        {({ items }) => <List items={items} />}
      </QueryView>
      {/* Said once, the field is empty again; what somebody else says leaves it alone. */}
      <PersonForm
        key={say.data?.id ?? ''}
        label="Comment on it"
        verbs={[['say', 'Say it']]}
        commentRequired
        pending={say.isPending}
        send={(_verb, said) => say.mutate(said)}
      />
      {say.error === null ? null : <Failure error={say.error} />}
    </section>
  );
}

function List({ items }: BreachComments) {
  const { zone } = useUrl();
  if (items.length === 0) return <p className="none">Nobody has said anything of it.</p>;
  return (
    <ol className="timeline">
      {items.map(({ id, at, by, via, comment }) => (
        <li key={id}>
          <p>
            <span className="num">{formatInstant(Date.parse(at), zone)}</span> <b>{by}</b>{' '}
            <span className="muted">{roadText(via)}</span>
          </p>
          <p>{comment}</p>
        </li>
      ))}
    </ol>
  );
}
