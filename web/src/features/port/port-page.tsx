import { getRouteApi } from '@tanstack/react-router';
import { useAskPortSeries, usePortSeries, usePorts, useQueueSeries } from '../../api/ports.ts';
import { useSlis } from '../../api/slis.ts';
import { QueryView } from '../../components/query-view.tsx';
import { Empty, NoData } from '../../components/states.tsx';
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

const route = getRouteApi('/hosts/$host/ports/$port');

export function PortPage() {
  const { host, port } = route.useParams();
  const { range } = useUrl();
  useWatch(host, port);
  const sums = usePorts({ host, port }, range);
  const slis = useSlis({ host, port }, range);
  const series = usePortSeries(host, port, range);
  const ask = useAskPortSeries(host, port);
  const queues = useQueueSeries(host, port, range);
  return (
    <>
      <PageHead title={port} host={host} port={port} window={sums.data?.window} complete={sums.data} />
      <StaleBanner host={host} />
      <QueryView query={sums} what={`port ${port}`}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing counted here">
              <p>
                No row of port <code>{port}</code> lies in this window. Choose an earlier or longer range, or check that
                the name is right.
              </p>
            </Empty>
          ) : (
            <>
              {items.every(({ slots }) => !isKnown(slots)) ? (
                <NoData>No slot of this window is known. That is neither zero packets nor zero loss.</NoData>
              ) : null}
              <QueryView query={slis} what="delivery">
                {(page) => <SliCards host={host} port={port} slis={page.items} />}
              </QueryView>
              <QueryView query={series} what="charts">
                {(found) => (
                  <PortCharts key={`${host}\n${port}`} series={found} moving={range.kind === 'relative'} ask={ask} />
                )}
              </QueryView>
              <SumsTable items={items} />
              <QueryView query={queues} what="queues">
                {(found) => <QueueTable series={found} linked />}
              </QueryView>
              <XstatsDisclosure host={host} port={port} />
            </>
          )
        }
      </QueryView>
    </>
  );
}
