import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { QueueSeries } from '../../../../server/api/schema/ports.ts';
import { useQueueSeries } from '../../api/ports.ts';
import { ChartPanel } from '../../charts/chart-panel.tsx';
import type { Pane } from '../../charts/pane.ts';
import { constantSource } from '../../charts/source.ts';
import { QueryView } from '../../components/query-view.tsx';
import { Empty, NoData } from '../../components/states.tsx';
import { formatPacketRate } from '../../format/rate.ts';
import { useWatch } from '../../live/use-live.ts';
import { useUrl } from '../../url/use-url.ts';
import { directionName } from '../ports/model.ts';
import { PageHead } from '../shell/page-head.tsx';
import { StaleBanner } from '../shell/stale-banner.tsx';
import { queueFrames } from './model.ts';
import { QueueTable } from './queue-table.tsx';

const route = getRouteApi('/hosts/$host/ports/$port/queues/$queue');

export function QueuePage() {
  const { host, port, queue } = route.useParams();
  const { range } = useUrl();
  useWatch(host, port);
  const queues = useQueueSeries(host, port, range);
  return (
    <>
      <PageHead
        title={`Queue ${queue}`}
        host={host}
        port={port}
        queue={`queue ${queue}`}
        window={queues.data?.window}
      />
      <StaleBanner host={host} />
      <QueryView query={queues} what="queue">
        {(series) => <QueueCharts series={series} queue={Number(queue)} />}
      </QueryView>
    </>
  );
}

function QueueCharts({ series, queue }: { readonly series: QueueSeries; readonly queue: number }) {
  const { zone, select } = useUrl();
  const directions = useMemo(
    () =>
      queueFrames(series, queue).map(({ direction, packets, drops }) => ({
        direction,
        unknown: packets.lines[0]?.own.every((value) => value === null) ?? true,
        panes: [
          pane('Packets per second', packets, false),
          ...(drops === null ? [] : [pane('Drops per second', drops, true)]),
        ],
      })),
    [series, queue],
  );
  if (directions.length === 0) {
    return <Empty title="No such queue">This port has no queue {queue} in this window.</Empty>;
  }
  return (
    <>
      {directions.every(({ unknown }) => unknown) ? (
        <NoData>No slot of this window is known for this queue.</NoData>
      ) : null}
      <div className="columns">
        {directions.map(({ direction, panes }) => (
          <ChartPanel
            key={direction}
            title={`${directionName(direction)} queue ${queue}`}
            panes={panes}
            zone={zone}
            syncKey="queue"
            onSelect={select}
          />
        ))}
      </div>
      <QueueTable series={series} />
    </>
  );
}

function pane(name: string, frame: Parameters<typeof constantSource>[0], losses: boolean): Pane {
  const say = (sum: bigint, stepSeconds: number) => formatPacketRate(sum, stepSeconds);
  return {
    name,
    say,
    kind: losses ? 'stack' : 'line',
    losses,
    source: constantSource(frame),
    height: losses ? 110 : 168,
    leastMax: 1,
  };
}
