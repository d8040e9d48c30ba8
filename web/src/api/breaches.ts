import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Breach, BreachDetail } from '../../../server/api/schema/breaches.ts';
import type { DecisionBody } from '../../../server/api/schema/exclusions.ts';
import { apiPath, getJson, postJson } from './client.ts';
import { useEndless } from './endless.ts';
import { type BreachFilter, keys, paceMs } from './keys.ts';

export function useBreaches({ slo, tenant, state, open }: BreachFilter) {
  return useEndless<Breach>({
    queryKey: keys.breaches({ slo, tenant, state, open }),
    segments: ['breaches'],
    params: { slo, tenant, state, open },
    everyMs: paceMs.slos,
  });
}

export function useBreach(id: string) {
  return useQuery({
    queryKey: keys.breach(id),
    queryFn: ({ signal }) => getJson<BreachDetail>(apiPath(['breaches', id]), signal),
    refetchInterval: paceMs.slos,
  });
}

export function useAcknowledge(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: DecisionBody) => postJson<unknown>(['breaches', id, 'acknowledge'], body),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['breaches'] }),
  });
}

/** Where the bundle of a change is downloaded. */
export function bundlePath(id: string, entry: number): string {
  return apiPath(['breaches', id, 'changes', `${entry}`, 'bundle']);
}
