import { useQuery } from '@tanstack/react-query';
import type { Health } from '../../../server/api/schema/health.ts';
import { useApp } from '../app-context.ts';
import { apiPath, getJson } from './client.ts';
import { keys, paceMs } from './keys.ts';

/** Used until the server has said its own; the default of the server. */
export const staleAfterMsDefault = 5_000;

export function useHealth() {
  const { clock } = useApp();
  return useQuery({
    queryKey: keys.health,
    queryFn: async ({ signal }) => {
      const health = await getJson<Health>(apiPath(['health']), signal);
      clock.setServerNow(Date.parse(health.now));
      return health;
    },
    refetchInterval: paceMs.health,
  });
}
