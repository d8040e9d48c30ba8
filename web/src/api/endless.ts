import { type InfiniteData, useInfiniteQuery } from '@tanstack/react-query';
import { apiPath, getJson, type Params } from './client.ts';

/** Items asked for at once: of a list in the order that matters, the first page nearly always has what one came for. */
const pageItems = '200';

interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

interface Question {
  readonly queryKey: readonly unknown[];
  readonly segments: readonly string[];
  readonly params: Params;
  readonly everyMs: number;
}

/** A list that comes in pages in the order of the server; the next page only when asked for. */
export function useEndless<Item>({ queryKey, segments, params, everyMs }: Question) {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ signal, pageParam }) =>
      getJson<Page<Item>>(apiPath(segments, { ...params, limit: pageItems, cursor: pageParam }), signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    select: joined<Item>,
    refetchInterval: everyMs,
  });
  return {
    data: query.data,
    error: query.error,
    refetch: query.refetch,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
  };
}

function joined<Item>({ pages }: InfiniteData<Page<Item>>): Item[] {
  return pages.flatMap(({ items }) => items);
}
