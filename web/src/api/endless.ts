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
  /** Where the server gives fewer at once. */
  readonly limit?: string;
}

/** A list that comes in pages in the order of the server; the next page only when asked for. `pages`: what else they tell. */
export function useEndless<Item, Told extends Page<Item> = Page<Item>>(question: Question) {
  const { queryKey, segments, params, everyMs, limit = pageItems } = question;
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ signal, pageParam }) =>
      getJson<Told>(apiPath(segments, { ...params, limit, cursor: pageParam }), signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    select: joined<Item, Told>,
    refetchInterval: everyMs,
  });
  return {
    data: query.data?.items,
    pages: query.data?.pages,
    error: query.error,
    refetch: query.refetch,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
  };
}

function joined<Item, Told extends Page<Item>>({ pages }: InfiniteData<Told>) {
  return { pages, items: pages.flatMap(({ items }) => items) };
}
