import type { ReactNode } from 'react';
import { Badge } from './badge.tsx';
import { Failure, Loading } from './states.tsx';

/** The part of a query that decides which state is shown. */
interface QueryLike<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  refetch(): unknown;
}

/** Loading, error or the numbers; numbers that could not be renewed stay, and say so. */
export function QueryView<T>(props: {
  readonly query: QueryLike<T>;
  readonly what: string;
  children(found: T): ReactNode;
}) {
  const { query, what, children } = props;
  const retry = () => void query.refetch();
  if (query.data === undefined) {
    return query.error === null ? <Loading what={what} /> : <Failure error={query.error} retry={retry} />;
  }
  return (
    <>
      {query.error === null ? null : (
        <p className="notice" role="status">
          <Badge tone="warn">Not renewed</Badge> The last request for {what} failed; these are the numbers from before.{' '}
          <button type="button" className="quiet" onClick={retry}>
            Try again
          </button>
        </p>
      )}
      {children(query.data)}
    </>
  );
}
