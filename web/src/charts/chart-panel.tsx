import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { formatInstant, type Zone, zoneName } from '../format/time.ts';
import { useFrame } from '../live/use-frame.ts';
import { Chart } from './chart.tsx';
import { ChartTable } from './chart-table.tsx';
import type { Region } from './gaps.ts';
import { dropSwatch } from './loss-colors.ts';
import { lineColor } from './palette.ts';
import { type Pane, valueText } from './pane.ts';
import type { ChartSource, Frame } from './source.ts';
import { summaryOf } from './summary.ts';

/**
 * Panes over each other on one time axis, with a legend that follows the cursor, gaps in words, and the table. What
 * stands under the panes besides, on the same axis or as a table too, is given as `children`.
 */
export function ChartPanel(props: {
  readonly title: string;
  readonly panes: readonly Pane[];
  readonly zone: Zone;
  readonly syncKey: string;
  readonly note?: ReactNode;
  onSelect(fromSeconds: number, toSeconds: number): void;
  children?(asTable: boolean): ReactNode;
}) {
  const { title, panes, zone, syncKey, note, onSelect } = props;
  const [asTable, setAsTable] = useState(false);
  return (
    <section className="panel chart-panel" aria-label={title}>
      <header className="panel-head">
        <h3>{title}</h3>
        <button type="button" className="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          Show as {asTable ? 'chart' : 'table'}
        </button>
      </header>
      {note === undefined ? null : <p className="chart-note">{note}</p>}
      {asTable ? (
        <ChartTable title={title} panes={panes} zone={zone} />
      ) : (
        panes.map((pane, i) => (
          <PaneView
            key={pane.name}
            pane={pane}
            zone={zone}
            syncKey={syncKey}
            timeAxis={i === panes.length - 1}
            onSelect={onSelect}
          />
        ))
      )}
      {props.children?.(asTable)}
      {panes[0] === undefined ? null : <Gaps source={panes[0].source} zone={zone} />}
    </section>
  );
}

function PaneView(props: {
  readonly pane: Pane;
  readonly zone: Zone;
  readonly syncKey: string;
  readonly timeAxis: boolean;
  onSelect(fromSeconds: number, toSeconds: number): void;
}) {
  const { pane } = props;
  const legend = useRef<HTMLUListElement>(null);
  const frame = useFrame(pane.source);
  const cursor = useRef<number | null>(null);
  const write = useCallback(
    (index: number | null) => {
      cursor.current = index;
      if (legend.current !== null) writeValues(legend.current, pane, index);
    },
    [pane],
  );
  // The legend is written past React: it follows the mouse.
  useEffect(() => write(cursor.current));
  const { lines, stepSeconds, regions } = frame;
  const summary = useMemo(
    () => paneSummary(pane, { lines, stepSeconds, regions }),
    [pane, lines, stepSeconds, regions],
  );
  return (
    <div className="pane">
      <div className="pane-head">
        <span className="pane-name">{pane.name}</span>
        <ul className="legend" ref={legend}>
          {frame.lines.map(({ label }, i) => (
            <li key={label}>
              <i className="swatch" style={{ background: swatchOf(pane, i) }} />
              {frame.lines.length > 1 || pane.losses === true ? <span>{label}</span> : null}{' '}
              <b className="num" data-line={i} />
            </li>
          ))}
        </ul>
      </div>
      <Chart
        source={pane.source}
        kind={pane.kind}
        height={pane.height}
        zone={props.zone}
        syncKey={props.syncKey}
        timeAxis={props.timeAxis}
        leastMax={pane.leastMax}
        summary={summary}
        losses={pane.losses === true}
        onCursor={write}
        onSelect={props.onSelect}
      />
    </div>
  );
}

function swatchOf({ kind, losses }: Pane, index: number): string {
  if (kind === 'band' && index > 0) return 'var(--band-line)';
  return losses === true ? dropSwatch(index) : lineColor(index);
}

function paneSummary(pane: Pane, frame: Pick<Frame, 'lines' | 'stepSeconds' | 'regions'>): string {
  return frame.lines
    .slice(0, 6)
    .map(({ label, own }) =>
      summaryOf({
        name: frame.lines.length > 1 ? `${pane.name}, ${label}` : pane.name,
        say: pane.say,
        values: own,
        stepSeconds: frame.stepSeconds,
        regions: frame.regions,
      }),
    )
    .join(' ');
}

function writeValues(root: HTMLElement, pane: Pane, index: number | null): void {
  const frame = pane.source.read();
  for (const node of root.querySelectorAll<HTMLElement>('[data-line]')) {
    const own = frame.lines[Number(node.dataset['line'])]?.own ?? [];
    node.textContent = valueText(pane, frame, index === null ? own.findLast((v) => v !== null) : own[index]);
  }
}

const gapsShown = 4;

function Gaps({ source, zone }: { readonly source: ChartSource; readonly zone: Zone }) {
  const { regions } = useFrame(source);
  if (regions.length === 0) return null;
  const more = regions.length - gapsShown;
  return (
    <ul className="gaps" aria-label={`Gaps, ${zoneName(zone)}`}>
      {regions.slice(-gapsShown).map((region) => (
        <li key={`${region.kind}${region.fromSeconds}`}>
          <i className={`key key-${region.kind}`} />
          <span className="num">{formatInstant(region.fromSeconds * 1_000, zone).slice(11)}</span> {gapText(region)}
        </li>
      ))}
      {more > 0 ? <li>and {more} earlier</li> : null}
    </ul>
  );
}

function gapText({ kind, text }: Region): string {
  return kind === 'unknown' ? `${text}: neither good nor bad` : text;
}
