import { useQuery } from '@tanstack/react-query';
import type {
  Host,
  HostDetail,
  HostPage,
  SoftnetSeries,
  StallList,
  ThreadSeries,
} from '../../../server/api/schema/hosts.ts';
import type { Range } from '../url/range.ts';
import { apiPath, getJson, getPages } from './client.ts';
import { keys, paceMs } from './keys.ts';
import { paceOf, useWindowParams } from './window.ts';

export function useHosts() {
  return useQuery({
    queryKey: keys.hosts,
    queryFn: ({ signal }) => getPages<Host, HostPage>(['hosts'], {}, signal),
    refetchInterval: paceMs.hosts,
  });
}

export function useHost(host: string) {
  return useQuery({
    queryKey: keys.host(host),
    queryFn: ({ signal }) => getJson<HostDetail>(apiPath(['hosts', host]), signal),
    refetchInterval: paceMs.host,
  });
}

export function useThreads(host: string, range: Range) {
  const params = useWindowParams(range);
  return useQuery({
    queryKey: keys.threads(host, range),
    queryFn: ({ signal }) => getJson<ThreadSeries>(apiPath(['hosts', host, 'threads'], params()), signal),
    refetchInterval: paceOf(range, paceMs.series),
  });
}

/** The longest stalls of a range: of threads of a role, of those that may have lasted so many ms. */
export function useWorstStalls(host: string, range: Range, ask: { readonly role?: string; readonly leastMs: string }) {
  const params = useWindowParams(range);
  return useQuery({
    queryKey: keys.stalls(host, range, ask.role, ask.leastMs),
    queryFn: ({ signal }) => {
      const asked = { ...params(), role: ask.role, leastMs: ask.leastMs, order: 'longest' };
      return getJson<StallList>(apiPath(['hosts', host, 'stalls'], asked), signal);
    },
    refetchInterval: paceOf(range, paceMs.series),
  });
}

export function useSoftnet(host: string, range: Range) {
  const params = useWindowParams(range);
  return useQuery({
    queryKey: keys.softnet(host, range),
    queryFn: ({ signal }) => getJson<SoftnetSeries>(apiPath(['hosts', host, 'softnet'], params()), signal),
    refetchInterval: paceOf(range, paceMs.series),
  });
}
