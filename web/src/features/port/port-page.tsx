import { getRouteApi } from '@tanstack/react-router';
import { Tabs } from 'radix-ui';
import { lazy, Suspense } from 'react';
import type { PortSums } from '../../../../server/api/schema/ports.ts';
import { useAskPortSeries, usePortSeries, usePorts, useQueueSeries } from '../../api/ports.ts';
import { useSlis } from '../../api/slis.ts';
import { QueryView } from '../../components/query-view.tsx';
import { Empty, Loading, NoData } from '../../components/states.tsx';
import { useWatch } from '../../live/use-live.ts';
import { useUrl } from '../../url/use-url.ts';
import { isKnown } from '../ports/model.ts';
import { QueueTable } from '../queue/queue-table.tsx';
import { PageHead } from '../shell/page-head.tsx';
import { StaleBanner } from '../shell/stale-banner.tsx';
import { PortCharts } from './port-charts.tsx';
import { SliCards } from './sli-cards.tsx';
import { SumsTable } from './sums-table.tsx';
import { XstatsDisclosure } from './xstats-disclosure.tsx';

const TimelineTab = lazy(() =>
  import('../timeline/timeline-tab.tsx').then(({ TimelineTab }) => ({ default: TimelineTab })),
);

const route = getRouteApi('/hosts/$host/ports/$port');
const tabs = ['overview', 'timeline'];

export function PortPage() {
  const { host, port } = route.useParams();
  const { search, range, setTab } = useUrl();
  useWatch(host, port);
  const sums = usePorts({ host, port }, range);
  const tab = tabs.includes(search.tab ?? '') ? (search.tab ?? 'overview') : 'overview';
  return (
    <>
      <PageHead title={port} host={host} port={port} window={sums.data?.window} complete={sums.data} />
      <StaleBanner host={host} />
      <Tabs.Root value={tab} onValueChange={setTab} activationMode="manual">
        <Tabs.List className="tabs" aria-label="Parts of the port">
          <Tabs.Trigger value="overview">Overview</Tabs.Trigger>
          <Tabs.Trigger value="timeline">Timeline</Tabs.Trigger>
        </Tabs.List>
        <Tabs.Content value="overview">
          <QueryView query={sums} what={`port ${port}`}>
            {({ items }) => <Overview host={host} port={port} items={items} />}
          </QueryView>
        </Tabs.Content>
        <Suspense fallback={<Loading what="the timeline" />}>
          <Tabs.Content value="timeline">
            <TimelineTab key={`${host}\n${port}`} host={host} port={port} />
          </Tabs.Content>
        </Suspense>
      </Tabs.Root>
    </>
  );
}

function Overview({ host, port, items }: PortProps & { readonly items: readonly PortSums[] }) {
  if (items.length === 0) {
    return (
      <Empty title="Nothing counted here">
        <p>
          No row of port <code>{port}</code> lies in this window. Choose an earlier or longer range, or check that the
          name is right.
        </p>
      </Empty>
    );
  }
  return (
    <>
      {items.every(({ slots }) => !isKnown(slots)) ? (
        <NoData>No slot of this window is known. That is neither zero packets nor zero loss.</NoData>
      ) : null}
      <Delivery host={host} port={port} />
      <SumsTable items={items} />
      <Queues host={host} port={port} />
      <XstatsDisclosure host={host} port={port} />
    </>
  );
}

interface PortProps {
  readonly host: string;
  readonly port: string;
}

function Delivery({ host, port }: PortProps) {
  const { range } = useUrl();
  const slis = useSlis({ host, port }, range);
  const series = usePortSeries(host, port, range);
  const ask = useAskPortSeries(host, port);
  return (
    <>
      <QueryView query={slis} what="delivery">
        {(page) => <SliCards host={host} port={port} slis={page.items} />}
      </QueryView>
      <QueryView query={series} what="charts">
        {(found) => <PortCharts key={`${host}\n${port}`} series={found} moving={range.kind === 'relative'} ask={ask} />}
      </QueryView>
    </>
  );
}

function Queues({ host, port }: PortProps) {
  const { range } = useUrl();
  const queues = useQueueSeries(host, port, range);
  return (
    <QueryView query={queues} what="queues">
      {(found) => <QueueTable series={found} linked />}
    </QueryView>
  );
}
