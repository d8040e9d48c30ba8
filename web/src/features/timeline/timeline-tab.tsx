import { useMemo, useState } from 'react';
import type { PortTimeline } from '../../../../server/api/schema/timeline.ts';
import { usePortBursts, usePortTimeline } from '../../api/ports.ts';
import { Choice } from '../../components/choice.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty, NoData } from '../../components/states.tsx';
import { resolveRange } from '../../url/range.ts';
import { instantOf, pinOf } from '../../url/search.ts';
import { useUrl } from '../../url/use-url.ts';
import { BurstTables } from '../bursts/burst-tables.tsx';
import { createCursor } from './cursor.ts';
import { isBlind, longestSeconds, timelineStep, viewOf } from './model.ts';
import { StepDetail } from './step-detail.tsx';
import { TimelineChart } from './timeline-chart.tsx';
import { TimelineTables } from './timeline-table.tsx';
import '../../theme/timeline.css';

/** What passed, what was lost and whose it is, how full rings were and who stood still, on one axis of time. */
export function TimelineTab({ host, port }: { readonly host: string; readonly port: string }) {
  const { range, search, nowMs } = useUrl();
  const { fromSeconds, toSeconds } = resolveRange(range, nowMs());
  const isTooLong = toSeconds - fromSeconds > longestSeconds;
  const timeline = usePortTimeline({ host, port }, range, {
    queue: search.queue,
    enabled: !isTooLong,
    stepOf: timelineStep,
  });
  if (isTooLong) {
    return (
      <Empty title="Too long for a timeline">
        Rings and threads are kept second by second. Choose a range of 24 hours or less.
      </Empty>
    );
  }
  return (
    <QueryView query={timeline} what="the timeline">
      {(told) => <Timeline told={told} />}
    </QueryView>
  );
}

function Timeline({ told }: { readonly told: PortTimeline }) {
  const { range, zone, search, select, choose } = useUrl();
  const bursts = usePortBursts(told.host, told.port, range);
  const [asTable, setAsTable] = useState(false);
  const cursor = useMemo(createCursor, []);
  const view = useMemo(
    () => viewOf(told, search.queue === undefined ? null : Number(search.queue)),
    [told, search.queue],
  );
  const pinned = pinOf(search);
  const pin = (atSeconds: number | null) => choose('at', atSeconds === null ? '' : instantOf(atSeconds));
  if (view.flows.length === 0 && view.heats.length === 0) {
    return (
      <Empty title="Nothing told here">
        No counter and no ring of this port lies in this window. Choose an earlier or longer range.
      </Empty>
    );
  }
  const queues = [...new Set(view.heats.flatMap((heat) => heat.queues))].sort((a, b) => a - b);
  return (
    <>
      {isBlind(view) ? (
        <NoData>No second of this window is known. That is neither zero packets nor zero loss.</NoData>
      ) : null}
      <section className="panel" aria-label="Timeline">
        <header className="panel-head">
          <h2>Timeline</h2>
          <span className="tl-tools">
            {queues.length > 1 || search.queue !== undefined ? (
              <Choice
                label="Rings"
                all="all queues"
                value={search.queue ?? ''}
                options={queues.map((queue) => [`${queue}`, `queue ${queue}`] as const)}
                choose={(value) => choose('queue', value)}
              />
            ) : null}
            <button type="button" className="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
              Show as {asTable ? 'picture' : 'table'}
            </button>
          </span>
        </header>
        {asTable ? (
          <TimelineTables view={view} zone={zone} />
        ) : (
          <TimelineChart {...{ view, bursts: bursts.data, cursor, zone, pinned, pin, select }} />
        )}
        <Legend stepSeconds={view.stepSeconds} />
      </section>
      {pinned === null ? null : (
        <StepDetail
          {...{ host: told.host, port: told.port, atSeconds: pinned, stepSeconds: view.stepSeconds, zone }}
          threads={view.stalls.flatMap(({ threads }) => threads)}
          close={() => pin(null)}
        />
      )}
      <QueryView query={bursts} what="bursts">
        {(found) => <BurstTables told={found} isSampled={view.heats.length > 0} pin={pin} />}
      </QueryView>
    </>
  );
}

function Legend({ stepSeconds }: { readonly stepSeconds: number }) {
  return (
    <ul className="tl-legend">
      <li>
        <i className="key key-unknown" /> not known: neither good nor bad
      </li>
      <li>
        <i className="key key-bridged" /> only the sum of the gap is known
      </li>
      <li>
        <i className="key tl-heat-key" /> share of samples, one in a thousand to all
      </li>
      <li>a step is {stepSeconds === 1 ? 'a second' : `${stepSeconds} s`}: click or Enter opens one; dragging zooms</li>
    </ul>
  );
}
