import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Act, ActPage, BreachComment, BreachComments, CommentBody } from '../../../server/api/schema/acts.ts';
import { apiPath, getJson, postJson } from './client.ts';
import { useEndless } from './endless.ts';
import { type ActFilter, keys, paceMs } from './keys.ts';

/** What people did, newest first. */
export function useAudit({ subject, act }: ActFilter) {
  return useEndless<Act, ActPage>({
    queryKey: keys.audit({ subject, act }),
    segments: ['audit'],
    params: { subject, act },
    everyMs: paceMs.slos,
  });
}

export function useComments(breach: string) {
  return useQuery({
    queryKey: keys.comments(breach),
    queryFn: ({ signal }) => getJson<BreachComments>(apiPath(['breaches', breach, 'comments']), signal),
    refetchInterval: paceMs.slos,
  });
}

export function useSay(breach: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: CommentBody) => postJson<BreachComment>(['breaches', breach, 'comments'], body),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.comments(breach) }),
  });
}
