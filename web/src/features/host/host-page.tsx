import { getRouteApi } from '@tanstack/react-router';
import { Tabs } from 'radix-ui';
import { lazy, Suspense } from 'react';
import type { HostDetail } from '../../../../server/api/schema/hosts.ts';
import { useHost } from '../../api/hosts.ts';
import { usePorts } from '../../api/ports.ts';
import { QueryView } from '../../components/query-view.tsx';
import { Loading } from '../../components/states.tsx';
import { useWatch } from '../../live/use-live.ts';
import { useUrl } from '../../url/use-url.ts';
import { PortsSection } from '../ports/ports-section.tsx';
import { PageHead } from '../shell/page-head.tsx';
import { StaleBanner } from '../shell/stale-banner.tsx';
import { FactTable } from './fact-table.tsx';
import { HostSummary } from './host-summary.tsx';
import { SourceTable } from './source-table.tsx';

// The tabs with charts bring the plotting library, which the table of ports does without.
const LedgerTab = lazy(() => import('../ledger/ledger-tab.tsx').then(({ LedgerTab }) => ({ default: LedgerTab })));
const ThreadsTab = lazy(() => import('./threads-tab.tsx').then(({ ThreadsTab }) => ({ default: ThreadsTab })));
const SoftnetTab = lazy(() => import('./softnet-tab.tsx').then(({ SoftnetTab }) => ({ default: SoftnetTab })));

const route = getRouteApi('/hosts/$host');
const tabs = ['ports', 'ledger', 'threads', 'softnet', 'sources', 'facts'];

export function HostPage() {
  const { host } = route.useParams();
  const { search, range, setTab } = useUrl();
  useWatch(host);
  const detail = useHost(host);
  const ports = usePorts({ host }, range);
  const tab = tabs.includes(search.tab ?? '') ? (search.tab ?? 'ports') : 'ports';
  return (
    <>
      <PageHead title={host} host={host} window={ports.data?.window} complete={ports.data} />
      <StaleBanner host={host} />
      <QueryView query={detail} what={`host ${host}`}>
        {(found) => (
          <>
            <HostSummary detail={found} />
            <Tabs.Root value={tab} onValueChange={setTab} activationMode="manual">
              <Tabs.List className="tabs" aria-label="Parts of the host">
                <Tabs.Trigger value="ports">Ports</Tabs.Trigger>
                <Tabs.Trigger value="ledger">Ledger</Tabs.Trigger>
                <Tabs.Trigger value="threads">Threads</Tabs.Trigger>
                <Tabs.Trigger value="softnet">Softnet and pressure</Tabs.Trigger>
                <Tabs.Trigger value="sources">Sources{failedText(found)}</Tabs.Trigger>
                <Tabs.Trigger value="facts">Facts</Tabs.Trigger>
              </Tabs.List>
              <Tabs.Content value="ports">
                <QueryView query={ports} what="ports">
                  {(page) => <PortsSection page={page} withHost={false} />}
                </QueryView>
              </Tabs.Content>
              <Suspense fallback={<Loading what="charts" />}>
                <Tabs.Content value="ledger">
                  <LedgerTab host={host} />
                </Tabs.Content>
                <Tabs.Content value="threads">
                  <ThreadsTab host={host} />
                </Tabs.Content>
                <Tabs.Content value="softnet">
                  <SoftnetTab host={host} />
                </Tabs.Content>
              </Suspense>
              <Tabs.Content value="sources">
                <SourceTable detail={found} />
              </Tabs.Content>
              <Tabs.Content value="facts">
                <FactTable facts={found.facts} />
              </Tabs.Content>
            </Tabs.Root>
          </>
        )}
      </QueryView>
    </>
  );
}

function failedText({ sources }: HostDetail): string {
  const failed = sources.filter(({ state }) => state === 'failed' || state === 'timeout').length;
  return failed === 0 ? '' : ` (${failed} failed)`;
}
