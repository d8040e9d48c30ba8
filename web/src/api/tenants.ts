import { useQuery } from '@tanstack/react-query';
import type { Credit, CreditPage } from '../../../server/api/schema/credits.ts';
import type { MonthCalendar, Tenant, TenantPage } from '../../../server/api/schema/slos.ts';
import { apiPath, getJson, getPages } from './client.ts';
import { keys, paceMs } from './keys.ts';

export function useTenants() {
  return useQuery({
    queryKey: keys.tenants,
    queryFn: ({ signal }) => getPages<Tenant, TenantPage>(['tenants'], {}, signal),
    refetchInterval: paceMs.slow,
  });
}

/** Without a month the one that runs in the zone of the tenant. */
export function useMonthCalendar(tenant: string, month: string | undefined) {
  return useQuery({
    queryKey: keys.calendar(tenant, month),
    queryFn: ({ signal }) => getJson<MonthCalendar>(apiPath(['tenants', tenant, 'calendar'], { month }), signal),
    refetchInterval: paceMs.slow,
  });
}

export function useCredits(tenant: string, month: string | undefined) {
  return useQuery({
    queryKey: keys.credits(tenant, month),
    queryFn: ({ signal }) => getPages<Credit, CreditPage>(['credits'], { tenant, month }, signal),
    refetchInterval: paceMs.slow,
  });
}
