/** Under a list that has more pages: how many are here, and a way to the next. */
export function More(props: {
  readonly shown: number;
  readonly what: string;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  loadMore(): void;
}) {
  const { shown, what, hasMore, isLoadingMore, loadMore } = props;
  if (!hasMore) return null;
  return (
    <p className="more">
      The first {shown} {what} are here; filter and order of columns see these alone.{' '}
      <button type="button" disabled={isLoadingMore} onClick={loadMore}>
        {isLoadingMore ? 'Loading…' : 'Load more'}
      </button>
    </p>
  );
}
