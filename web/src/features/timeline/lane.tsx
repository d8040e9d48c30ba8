import { type ReactNode, useEffect, useRef, useSyncExternalStore } from 'react';
import { useWidth } from '../../components/use-width.ts';
import { useTheme } from '../../theme/theme.ts';
import type { CursorStore } from './cursor.ts';
import { stepAt, type TimelineView } from './model.ts';
import { brushOf, type Paint } from './paint.ts';

/** One lane: its name, what it says under the cursor, and its picture between the edges that all lanes share. */
export function Lane(props: {
  readonly name: string;
  readonly summary: string;
  readonly height: number;
  readonly paint: Paint;
  /** Labels of the axis, from the foot (0) to the top (1). */
  readonly marks?: readonly (readonly [at: number, label: string])[];
  readonly swatches?: readonly (readonly [background: string, label: string])[];
  readonly readout: ReactNode;
  readonly children?: ReactNode;
}) {
  const { name, summary, height, paint, marks = [], swatches = [], readout, children } = props;
  const { ref, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes which colours are read from the page.
  useEffect(() => {
    if (canvas.current === null || width === 0) return;
    const brush = brushOf(canvas.current, width, height);
    if (brush !== null) paint(brush);
  }, [paint, width, height, theme]);
  return (
    <div className="tl-lane">
      <h4 className="tl-name">{name}</h4>
      <div className="tl-head">
        {swatches.length === 0 ? null : (
          <ul className="tl-swatches">
            {swatches.map(([background, label]) => (
              <li key={label}>
                <i className="swatch" style={{ background }} />
                {label}
              </li>
            ))}
          </ul>
        )}
        <span className="tl-readout num">{readout}</span>
      </div>
      <div className="tl-plot" style={{ height }}>
        <div className="tl-marks" aria-hidden="true">
          {marks.map(([at, label]) => (
            <span key={label} style={{ bottom: `${at * 100}%` }}>
              {label}
            </span>
          ))}
        </div>
        <div ref={ref} className="tl-box" role="img" aria-label={summary}>
          <canvas ref={canvas} style={{ width: '100%', height }} />
        </div>
        {children}
      </div>
    </div>
  );
}

/** The words of a lane for the step under the cursor; without one, for the last step. */
export function Readout(props: {
  readonly view: TimelineView;
  readonly cursor: CursorStore;
  say(index: number, row: number | null): string;
}) {
  const { view, cursor, say } = props;
  const { atSeconds, row } = useSyncExternalStore(cursor.subscribe, cursor.read);
  const index = atSeconds === null ? null : stepAt(view, atSeconds);
  return <>{index === null ? '' : say(index, row)}</>;
}
