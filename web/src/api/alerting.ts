import { useMutation, useQuery } from '@tanstack/react-query';
import type { Alerting, PreviewBody, TemplatePreview } from '../../../server/api/schema/alerting.ts';
import { apiPath, getJson, postJson } from './client.ts';
import { keys, paceMs } from './keys.ts';

/** Who is told, as the document of receivers and routes has it. */
export function useAlerting() {
  return useQuery({
    queryKey: keys.alerting,
    queryFn: ({ signal }) => getJson<Alerting>(apiPath(['alerting']), signal),
    refetchInterval: paceMs.slow,
  });
}

export function usePreview() {
  return useMutation({
    mutationFn: (body: PreviewBody) => postJson<TemplatePreview>(['alerting', 'preview'], body),
  });
}
