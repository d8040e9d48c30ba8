import { useQuery } from '@tanstack/react-query';
import type { Sli, SliPage } from '../../../server/api/schema/slis.ts';
import type { Range } from '../url/range.ts';
import { getPages } from './client.ts';
import { keys, type PortFilter, paceMs } from './keys.ts';
import { paceOf, useWindowParams } from './window.ts';

export function useSlis(filter: PortFilter, range: Range) {
  const params = useWindowParams(range);
  return useQuery({
    queryKey: keys.slis(filter, range),
    queryFn: ({ signal }) => getPages<Sli, SliPage>(['slis'], { ...filter, ...params() }, signal),
    refetchInterval: paceOf(range, paceMs.sums),
  });
}
