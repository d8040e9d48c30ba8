import { getRouteApi } from '@tanstack/react-router';
import { useQueueSeries } from '../../api/ports.ts';
import { QueryView } from '../../components/query-view.tsx';
import { NoData } from '../../components/states.tsx';
import { useWatch } from '../../live/use-live.ts';
import { useUrl } from '../../url/use-url.ts';
import { PageHead } from '../shell/page-head.tsx';
import { StaleBanner } from '../shell/stale-banner.tsx';
import { QueueTable } from './queue-table.tsx';

const route = getRouteApi('/hosts/$host/ports/$port/queues');

export function QueuesPage() {
  const { host, port } = route.useParams();
  const { range } = useUrl();
  useWatch(host, port);
  const queues = useQueueSeries(host, port, range);
  return (
    <>
      <PageHead title={`Queues of ${port}`} host={host} port={port} queue="queues" window={queues.data?.window} />
      <StaleBanner host={host} />
      <QueryView query={queues} what="queues">
        {(series) => (
          <>
            {series.queues.length > 0 &&
            series.queues.every(({ packets }) => packets.every((value) => value === null)) ? (
              <NoData>No slot of this window is known for any queue.</NoData>
            ) : null}
            <QueueTable series={series} />
          </>
        )}
      </QueryView>
    </>
  );
}
