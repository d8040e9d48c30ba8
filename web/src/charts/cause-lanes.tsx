import { formatCount } from '../format/count.ts';
import { formatPacketRate } from '../format/rate.ts';
import { formatInstant, type Zone, zoneName } from '../format/time.ts';
import { useFrame } from '../live/use-frame.ts';
import { type CauseInterval, type Lane, laneHeight, lanesOf, laneWidth } from './lanes.ts';
import { dropColor } from './loss-colors.ts';
import type { ChartSource } from './source.ts';

/** Causes that were told as sums over some seconds: a lane each, named, so that no colour has to tell them apart. */
export function CauseLanes(props: {
  readonly title: string;
  readonly intervals: readonly CauseInterval[];
  /** The chart above, whose window this follows. */
  readonly source: ChartSource;
  readonly zone: Zone;
  readonly asTable: boolean;
  words(cause: string): string | null;
}) {
  const { title, intervals, source, zone, asTable, words } = props;
  const { fromSeconds, toSeconds } = useFrame(source);
  if (intervals.length === 0) return null;
  if (asTable) return <IntervalTable title={title} intervals={intervals} zone={zone} />;
  const lanes = lanesOf(intervals, { fromSeconds, toSeconds });
  if (lanes.length === 0) return null;
  return (
    <div className="lanes">
      <p className="pane-name">Causes, each over the stretch of time it was told for; height: mean rate</p>
      <ul aria-label={title}>
        {lanes.map((lane, i) => (
          <li key={lane.cause}>
            <p className="lane-head">
              <b>{lane.cause}</b> <span className="num">{formatCount(lane.packets)}</span>
              <span className="hidden"> packets in {lane.intervals} intervals.</span>
              <span className="muted small lane-words">{words(lane.cause)}</span>
            </p>
            <LaneBars lane={lane} index={i} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function LaneBars({ lane, index }: { readonly lane: Lane; readonly index: number }) {
  return (
    <svg
      className="lane"
      viewBox={`0 0 ${laneWidth} ${laneHeight}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      style={{ color: dropColor(index) }}
    >
      <path d={lane.path} />
    </svg>
  );
}

const rowsMax = 300;

function IntervalTable(props: {
  readonly title: string;
  readonly intervals: readonly CauseInterval[];
  readonly zone: Zone;
}) {
  const { title, intervals, zone } = props;
  const rows = [...intervals]
    .sort((a, b) => b.fromSeconds - a.fromSeconds || a.cause.localeCompare(b.cause))
    .slice(0, rowsMax);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="table-scroll chart-table" aria-label={`${title}, as a table`} tabIndex={0}>
      <table>
        <caption className="hidden">
          {title}, {zoneName(zone)}
          {intervals.length > rowsMax ? `, the last ${rowsMax} of ${intervals.length} intervals` : ''}
        </caption>
        <thead>
          <tr>
            <th scope="col">From, {zoneName(zone)}</th>
            <th scope="col">To</th>
            <th scope="col">Cause</th>
            <th scope="col" className="right">
              Packets
            </th>
            <th scope="col" className="right">
              Mean rate
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ cause, fromSeconds, toSeconds, packets }) => (
            <tr key={`${cause} ${fromSeconds} ${toSeconds}`}>
              <th scope="row" className="num">
                {formatInstant(fromSeconds * 1_000, zone)}
              </th>
              <td className="num">{formatInstant(toSeconds * 1_000, zone).slice(11)}</td>
              <td>{cause}</td>
              <td className="num right">{formatCount(packets)}</td>
              <td className="num right">{formatPacketRate(packets, Math.max(1, toSeconds - fromSeconds))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
