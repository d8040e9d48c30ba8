import { useMemo } from 'react';
import type { PortSeries } from '../../../../server/api/schema/ports.ts';
import { CauseLanes } from '../../charts/cause-lanes.tsx';
import { ChartPanel } from '../../charts/chart-panel.tsx';
import type { Pane } from '../../charts/pane.ts';
import { Empty } from '../../components/states.tsx';
import { formatPacketRate } from '../../format/rate.ts';
import { useUrl } from '../../url/use-url.ts';
import { directionName } from '../ports/model.ts';
import { causeWords } from './cause-words.ts';
import type { Hole, LivePort } from './live-port.ts';
import { causeIntervals } from './model.ts';
import { useLivePort } from './use-live-port.ts';

/** Each direction: packets per second, and under it what was lost of them, by cause; causes told as sums stand below. */
export function PortCharts(props: {
  readonly series: PortSeries;
  readonly moving: boolean;
  ask(hole: Hole): Promise<PortSeries>;
}) {
  const { series, moving, ask } = props;
  const port = useLivePort(series, moving, ask);
  if (series.directions.length === 0) {
    return <Empty title="No charts">This port has no counters in this window.</Empty>;
  }
  return (
    <div className="columns">
      {port.directions.map((item) => (
        <DirectionChart key={item.direction} item={item} series={series} />
      ))}
    </div>
  );
}

function DirectionChart(props: { readonly item: LivePort['directions'][number]; readonly series: PortSeries }) {
  const { item, series } = props;
  const { zone, select } = useUrl();
  const intervals = useMemo(() => causeIntervals(series, item.direction), [series, item.direction]);
  const panes = useMemo((): Pane[] => {
    const say = (sum: bigint, stepSeconds: number) => formatPacketRate(sum, stepSeconds);
    return [
      { name: 'Packets per second', say, kind: 'line', source: item.packets, height: 168, leastMax: 1 },
      { name: 'Drops per second', say, kind: 'stack', losses: true, source: item.drops, height: 118, leastMax: 1 },
    ];
  }, [item]);
  const title = `${directionName(item.direction)}: rate and losses`;
  return (
    <ChartPanel title={title} panes={panes} zone={zone} syncKey="port" onSelect={select}>
      {(asTable) => (
        <CauseLanes
          title={`${directionName(item.direction)}: causes over time`}
          intervals={intervals}
          source={item.drops}
          zone={zone}
          asTable={asTable}
          words={causeWords}
        />
      )}
    </ChartPanel>
  );
}
