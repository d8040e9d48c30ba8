import { type ReactNode, useId } from 'react';
import { laneHeight, lanesOf, laneWidth } from '../../charts/lanes.ts';
import { dropColor } from '../../charts/loss-colors.ts';
import { formatCount } from '../../format/count.ts';
import { causeWords } from '../port/cause-words.ts';
import type { TimelineView } from './model.ts';

/** Rows of losses over the stretches they were told for: a bar is as high as its mean rate beside the highest. */
export function CauseRows({ view, readout }: { readonly view: TimelineView; readonly readout: ReactNode }) {
  const lanes = lanesOf(view.causes, view);
  if (lanes.length === 0) return null;
  return (
    <div className="tl-group">
      <Head name="Causes, over the time they were told for" readout={readout} />
      <ul className="tl-rows" aria-label="Causes over time">
        {lanes.map(({ cause, packets, intervals, path }, i) => (
          <Row key={cause} name={cause} packets={packets} intervals={intervals} title={wordsOf(cause)}>
            <path d={path} style={{ fill: dropColor(i) }} />
          </Row>
        ))}
      </ul>
    </div>
  );
}

function wordsOf(cause: string): string | undefined {
  return causeWords(cause.slice(cause.lastIndexOf(' ') + 1)) ?? undefined;
}

/** Whose the losses are; unknown is a row of its own, and hatched. */
export function OwnerRows({ view, readout }: { readonly view: TimelineView; readonly readout: ReactNode }) {
  const hatchId = useId();
  const lanes = lanesOf(
    view.owners.flatMap(({ intervals }) => intervals),
    view,
  );
  const pathOf = (owner: string) => lanes.find(({ cause }) => cause === owner)?.path ?? '';
  return (
    <div className="tl-group">
      <Head name="Owners of lost packets, over the time they were told for" note={untoldText(view)} readout={readout} />
      <svg width="0" height="0" className="tl-defs" aria-hidden="true">
        <defs>
          <pattern id={hatchId} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <line x1="0" y1="0" x2="0" y2="6" className="tl-hatch" />
          </pattern>
        </defs>
      </svg>
      <ul className="tl-rows" aria-label="Owners over time">
        {view.owners.map((row) => (
          <Row key={row.owner} name={row.owner} packets={row.packets} intervals={row.intervals.length}>
            <path
              d={pathOf(row.owner)}
              className={`owner-${row.owner}`}
              style={row.owner === 'unknown' ? { fill: `url(#${hatchId})` } : undefined}
            />
          </Row>
        ))}
      </ul>
    </div>
  );
}

/** Losses that no row of a cause tells have no owner either, and of seconds that nobody knows there is no row. */
function untoldText({ untold, flows }: TimelineView): string {
  const seconds = flows.map(({ regions }) =>
    regions
      .filter(({ kind }) => kind === 'unknown')
      .reduce((sum, { fromSeconds, toSeconds }) => sum + toSeconds - fromSeconds, 0),
  );
  const dark = Math.max(0, ...seconds);
  return [
    ...(untold > 0n ? [`besides, ${formatCount(untold)} lost without a cause: unknown`] : []),
    ...(dark > 0 ? [`of ${dark} s nobody knows what was lost`] : []),
  ].join('; ');
}

function Head(props: { readonly name: string; readonly note?: string; readonly readout: ReactNode }) {
  const { name, note = '', readout } = props;
  return (
    <div className="tl-head tl-head-wide">
      <h4>{name}</h4>
      {note === '' ? null : <span className="unknown">{note}</span>}
      <span className="tl-readout num">{readout}</span>
    </div>
  );
}

function Row(props: {
  readonly name: string;
  readonly packets: bigint;
  readonly intervals: number;
  readonly title?: string | undefined;
  readonly children: ReactNode;
}) {
  const { name, packets, intervals, title, children } = props;
  return (
    <li className="tl-row">
      <svg className="tl-bars" viewBox={`0 0 ${laneWidth} ${laneHeight}`} preserveAspectRatio="none" aria-hidden="true">
        {children}
      </svg>
      <p className="tl-row-name" title={title}>
        <b>{name}</b>
        <span className={packets > 0n ? 'num' : 'num muted'}>{formatCount(packets)}</span>
        <span className="hidden"> packets in {intervals} stretches</span>
      </p>
    </li>
  );
}
