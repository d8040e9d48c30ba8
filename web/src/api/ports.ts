import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import type { PortBursts } from '../../../server/api/schema/bursts.ts';
import type { Explanation } from '../../../server/api/schema/explain.ts';
import type { PortPage, PortSeries, PortSums, QueueSeries, XstatPage } from '../../../server/api/schema/ports.ts';
import type { PortTimeline } from '../../../server/api/schema/timeline.ts';
import { useApp } from '../app-context.ts';
import { type Range, resolveRange, type TimeWindow } from '../url/range.ts';
import { instantOf } from '../url/search.ts';
import { apiPath, getJson, getPages } from './client.ts';
import { keys, type PortFilter, paceMs } from './keys.ts';
import { paceOf, useWindowParams } from './window.ts';

/** Above this many rows a whole answer is megabytes: ask less often; the live numbers come by the stream anyway. */
const manyRows = 1_000;
const manyRowsPaceMs = 60_000;

export function usePorts(filter: PortFilter, range: Range) {
  const params = useWindowParams(range);
  return useQuery({
    queryKey: keys.ports(filter, range),
    queryFn: ({ signal }) => getPages<PortSums, PortPage>(['ports'], { ...filter, ...params() }, signal),
    refetchInterval: (query) =>
      paceOf(range, (query.state.data?.items.length ?? 0) > manyRows ? manyRowsPaceMs : paceMs.sums),
  });
}

export function usePortSeries(host: string, port: string, range: Range) {
  const params = useWindowParams(range);
  return useQuery({
    queryKey: keys.portSeries(host, port, range),
    queryFn: ({ signal }) => getJson<PortSeries>(apiPath(['ports', host, port, 'series'], params()), signal),
    refetchInterval: paceOf(range, paceMs.series),
  });
}

export function usePortTimeline(
  { host, port }: { readonly host: string; readonly port: string },
  range: Range,
  ask: {
    /** One queue of the rings; undefined: all. */
    readonly queue: string | undefined;
    /** False: longer than the server tells at once. */
    readonly enabled: boolean;
    stepOf(lengthSeconds: number): number;
  },
) {
  const { clock } = useApp();
  const { queue, enabled, stepOf } = ask;
  return useQuery({
    queryKey: keys.timeline(host, port, range, queue),
    queryFn: ({ signal }) => {
      const { fromSeconds, toSeconds } = resolveRange(range, clock.nowMs());
      const step = `${stepOf(toSeconds - fromSeconds)}`;
      const params = { from: instantOf(fromSeconds), to: instantOf(toSeconds), step, queue };
      return getJson<PortTimeline>(apiPath(['ports', host, port, 'timeline'], params), signal);
    },
    refetchInterval: paceOf(range, paceMs.series),
    enabled,
  });
}

/** Bursts of loss and full rings, of a range that a timeline has. */
export function usePortBursts(host: string, port: string, range: Range) {
  const params = useWindowParams(range);
  return useQuery({
    queryKey: keys.bursts(host, port, range),
    queryFn: ({ signal }) => getJson<PortBursts>(apiPath(['ports', host, port, 'bursts'], params()), signal),
    refetchInterval: paceOf(range, paceMs.series),
  });
}

/** Whose the losses of a stretch are, and why. What has passed may still be told of: it is asked for again. */
export function useExplanation(host: string, port: string, { fromSeconds, toSeconds }: TimeWindow) {
  return useQuery({
    queryKey: keys.explanation(host, port, fromSeconds, toSeconds),
    queryFn: ({ signal }) => {
      const params = { host, port, from: instantOf(fromSeconds), to: instantOf(toSeconds) };
      return getJson<Explanation>(apiPath(['explain'], params), signal);
    },
    refetchInterval: paceMs.xstats,
  });
}

/** Asks for a few seconds once, now: what lies between an answer and the first tick after it. */
export function useAskPortSeries(host: string, port: string) {
  const queries = useQueryClient();
  return useCallback(
    ({ fromSeconds, toSeconds }: TimeWindow) =>
      queries.fetchQuery({
        queryKey: keys.portSeries(host, port, { kind: 'absolute', fromSeconds, toSeconds }),
        queryFn: ({ signal }) => {
          const window = { from: instantOf(fromSeconds), to: instantOf(toSeconds) };
          return getJson<PortSeries>(apiPath(['ports', host, port, 'series'], window), signal);
        },
        // Asked again because the last answer did not know: an old answer is no answer.
        staleTime: 0,
        gcTime: 0,
        retry: false,
      }),
    [queries, host, port],
  );
}

export function useQueueSeries(host: string, port: string, range: Range) {
  const params = useWindowParams(range);
  return useQuery({
    queryKey: keys.queueSeries(host, port, range),
    queryFn: ({ signal }) => getJson<QueueSeries>(apiPath(['ports', host, port, 'queues'], params()), signal),
    refetchInterval: paceOf(range, paceMs.sums),
  });
}

export function useXstats(host: string, port: string, enabled: boolean) {
  return useQuery({
    queryKey: keys.xstats(host, port),
    queryFn: ({ signal }) =>
      getPages<XstatPage['items'][number], XstatPage>(['ports', host, port, 'xstats'], {}, signal),
    refetchInterval: paceMs.xstats,
    enabled,
  });
}
