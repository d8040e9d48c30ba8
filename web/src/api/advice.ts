import { useQuery } from '@tanstack/react-query';
import type { AdviceDetail, AdviceItem, DatapathNowPage } from '../../../server/api/schema/remediation.ts';
import { apiPath, getJson, getPages } from './client.ts';
import { useEndless } from './endless.ts';
import { keys, paceMs } from './keys.ts';

export type DatapathNow = DatapathNowPage['items'][number];

/** How each datapath stands now. */
export function useDatapaths() {
  return useQuery({
    queryKey: keys.datapaths,
    queryFn: ({ signal }) => getPages<DatapathNow, DatapathNowPage>(['remediation', 'datapaths'], {}, signal),
    refetchInterval: paceMs.slos,
  });
}

/** Newest first. */
export function useAdviceList() {
  return useEndless<AdviceItem>({
    ...{ queryKey: keys.adviceList, segments: ['remediation', 'advice'], params: {} },
    ...{ everyMs: paceMs.slos, limit: '100' },
  });
}

export function useAdvice(id: string) {
  return useQuery({
    queryKey: keys.advice(id),
    queryFn: ({ signal }) => getJson<AdviceDetail>(apiPath(['remediation', 'advice', id]), signal),
    refetchInterval: paceMs.slos,
  });
}
