import { useQuery } from '@tanstack/react-query';
import type { LedgerDetail, LedgerEntry, LedgerPage } from '../../../server/api/schema/ledger.ts';
import type { Range } from '../url/range.ts';
import { apiPath, getJson, getPages } from './client.ts';
import { keys, paceMs } from './keys.ts';
import { paceOf, useWindowParams } from './window.ts';

export function useLedgers(host: string, range: Range) {
  const params = useWindowParams(range);
  return useQuery({
    queryKey: keys.ledgers(host, range),
    queryFn: ({ signal }) => getPages<LedgerEntry, LedgerPage>(['ledger'], { host, ...params() }, signal),
    refetchInterval: paceOf(range, paceMs.sums),
  });
}

export function useLedger(host: string, datapath: string, range: Range) {
  const params = useWindowParams(range);
  return useQuery({
    queryKey: keys.ledger(host, datapath, range),
    queryFn: ({ signal }) => getJson<LedgerDetail>(apiPath(['ledger', host, datapath], params()), signal),
    refetchInterval: paceOf(range, paceMs.series),
  });
}
