import { staleAfterMsDefault, useHealth } from '../api/health.ts';
import { useHosts } from '../api/hosts.ts';
import { useApp } from '../app-context.ts';
import { type Freshness, joinSeen, judgeFreshness } from './freshness.ts';
import { useLiveVersion, useSecond } from './use-live.ts';

/** Freshness of all hosts, or of one. */
export function useFreshness(host?: string): Freshness {
  const { clock } = useApp();
  const { live } = useLiveVersion();
  useSecond();
  const hosts = (useHosts().data?.items ?? []).filter((item) => host === undefined || item.host === host);
  return judgeFreshness({
    hosts: joinSeen(hosts, live.lastSlots()),
    line: live.state(),
    staleAfterMs: useHealth().data?.staleAfterMs ?? staleAfterMsDefault,
    serverNowMs: clock.nowMs(),
    localNowMs: Date.now(),
  });
}
