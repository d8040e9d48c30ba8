import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type {
  DecisionBody,
  Exclusion,
  ExclusionBody,
  ExclusionDetail,
  ExclusionPage,
} from '../../../server/api/schema/exclusions.ts';
import { apiPath, getJson, getPages, postJson } from './client.ts';
import { type ExclusionFilter, keys, paceMs } from './keys.ts';

export type Decision = 'approve' | 'reject' | 'revoke';

export function useExclusions({ service, state }: ExclusionFilter) {
  return useQuery({
    queryKey: keys.exclusions({ service, state }),
    queryFn: ({ signal }) => getPages<Exclusion, ExclusionPage>(['exclusions'], { service, state }, signal),
    refetchInterval: paceMs.slow,
  });
}

export function useExclusion(id: string) {
  return useQuery({
    queryKey: keys.exclusion(id),
    queryFn: ({ signal }) => getJson<ExclusionDetail>(apiPath(['exclusions', id]), signal),
    refetchInterval: paceMs.slow,
  });
}

export function useRequestExclusion() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ExclusionBody) => postJson<Exclusion>(['exclusions'], body),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['exclusions'] }),
  });
}

export function useDecide(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ decision, body }: { decision: Decision; body: DecisionBody }) =>
      postJson<unknown>(['exclusions', id, decision], body),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['exclusions'] }),
  });
}
