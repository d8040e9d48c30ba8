import { useMutation, useQueryClient } from '@tanstack/react-query';
import type {
  PresentAlert,
  Silence,
  SilenceBody,
  SilenceEndBody,
  SilencePreview,
  SilencePreviewBody,
} from '../../../server/api/schema/silences.ts';
import { postJson } from './client.ts';
import { useEndless } from './endless.ts';
import { keys, paceMs, type SloFilter } from './keys.ts';

/** The one made last first. */
export function useSilences({ tenant, state }: SloFilter) {
  return useEndless<Silence>({
    queryKey: keys.silences({ tenant, state }),
    segments: ['silences'],
    params: { tenant, state },
    everyMs: paceMs.slos,
  });
}

/** What fires, and who is not told of it: by the routes of the tenant, else by the operator's. */
export function useAlerts({ tenant }: Pick<SloFilter, 'tenant'>) {
  return useEndless<PresentAlert>({
    queryKey: keys.alerts({ tenant }),
    segments: ['alerts'],
    params: { tenant },
    everyMs: paceMs.slos,
  });
}

export function usePreviewSilence() {
  return useMutation({
    mutationFn: (body: SilencePreviewBody) => postJson<SilencePreview>(['silences', 'preview'], body),
  });
}

export function useMakeSilence() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: SilenceBody) => postJson<Silence>(['silences'], body),
    onSuccess: refresh,
  });
}

export function useEndSilence() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ id, ...body }: SilenceEndBody & { readonly id: string }) =>
      postJson<Silence>(['silences', id, 'end'], body),
    onSuccess: refresh,
  });
}

function useRefresh() {
  const queries = useQueryClient();
  return () =>
    Promise.all([['silences'], ['alerts'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey })));
}
