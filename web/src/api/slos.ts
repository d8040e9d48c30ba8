import { useMutation, useQuery } from '@tanstack/react-query';
import type { Budget, Slo, SloDetail, WhatIf, WhatIfBody } from '../../../server/api/schema/slos.ts';
import { apiPath, getJson, postJson } from './client.ts';
import { useEndless } from './endless.ts';
import { keys, paceMs, type SloFilter } from './keys.ts';

/** The worst first. */
export function useSlos({ tenant, state }: SloFilter) {
  return useEndless<Slo>({
    queryKey: keys.slos({ tenant, state }),
    segments: ['slos'],
    params: { tenant, state },
    everyMs: paceMs.slos,
  });
}

export function useSlo(name: string) {
  return useQuery({
    queryKey: keys.slo(name),
    queryFn: ({ signal }) => getJson<SloDetail>(apiPath(['slos', name]), signal),
    refetchInterval: paceMs.slos,
  });
}

/** Day by day; without a month the window that runs. */
export function useBudget(name: string, month: string | undefined) {
  return useQuery({
    queryKey: keys.budget(name, month),
    queryFn: ({ signal }) => getJson<Budget>(apiPath(['slos', name, 'budget'], { month }), signal),
    refetchInterval: paceMs.slow,
  });
}

export function useWhatIf(name: string) {
  return useMutation({ mutationFn: (body: WhatIfBody) => postJson<WhatIf>(['slos', name, 'what-if'], body) });
}
