import { useId } from 'react';
import { useWidth } from '../../components/use-width.ts';
import { percent } from './model.ts';
import type { Bar, Segment } from './picture.ts';

const rowPixels = 54;
const barPixels = 24;
const namePixels = 58;
const usePixels = 74;
/** Width of a letter of a label, about: what has no room is left out, the table has it. */
const letterPixels = 6.6;

/** A bar a core, as long as what its thread has to do; the numbers are in the table below it. */
export function PlacementBars(props: {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly scalePpm: number;
}) {
  const { title, bars, scalePpm } = props;
  const { ref, width } = useWidth<HTMLDivElement>();
  const hatchId = useId();
  const room = Math.max(0, width - namePixels - usePixels);
  const xOf = (ppm: number) => namePixels + (ppm * room) / scalePpm;
  return (
    <figure className="placement">
      <figcaption>{title}</figcaption>
      <div ref={ref} />
      {width === 0 ? null : (
        <svg width={width} height={bars.length * rowPixels + 6} aria-hidden="true">
          <defs>
            <pattern id={hatchId} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <line x1="0" y1="0" x2="0" y2="6" className="place-hatch" />
            </pattern>
          </defs>
          {bars.map((bar, i) => (
            <g key={bar.core} transform={`translate(0 ${i * rowPixels + 6})`}>
              <BarRow bar={bar} xOf={xOf} width={width} hatch={`url(#${hatchId})`} />
            </g>
          ))}
        </svg>
      )}
    </figure>
  );
}

function BarRow(props: {
  readonly bar: Bar;
  readonly width: number;
  readonly hatch: string;
  xOf(ppm: number): number;
}) {
  const { bar, width, hatch, xOf } = props;
  return (
    <>
      <text className="place-core" x={0} y={16}>
        core {bar.core}
      </text>
      <rect className="place-room" x={xOf(0)} y={0} width={xOf(1_000_000) - xOf(0)} height={barPixels} />
      {bar.segments.map((segment) => (
        <Part key={segment.name} segment={segment} xOf={xOf} hatch={hatch} />
      ))}
      <line className="place-accept" x1={xOf(bar.acceptPpm)} x2={xOf(bar.acceptPpm)} y1={-4} y2={barPixels + 4} />
      <line className="place-enter" x1={xOf(bar.enterPpm)} x2={xOf(bar.enterPpm)} y1={-4} y2={barPixels + 4} />
      <text className={bar.isOver ? 'place-use over' : 'place-use'} x={width} y={16} textAnchor="end">
        {bar.isOver ? '! ' : ''}
        {percent(bar.usagePpm)}
      </text>
      <text className="place-note" x={xOf(0)} y={barPixels + 16}>
        {bar.note}
      </text>
    </>
  );
}

function Part(props: { readonly segment: Segment; readonly hatch: string; xOf(ppm: number): number }) {
  const { segment, hatch, xOf } = props;
  const { kind, name, fromPpm, ppm } = segment;
  const x = xOf(fromPpm);
  const width = xOf(fromPpm + ppm) - x;
  const text = kind === 'moved' ? `▲ ${name}` : name;
  const isNamed = (kind === 'queue' || kind === 'moved') && text.length * letterPixels + 8 < width;
  return (
    <g>
      <title>{`${name}: ${percent(ppm)} of a core`}</title>
      <rect className={`place-${kind}`} x={x} y={0} width={width} height={barPixels} />
      {kind === 'queue' ? null : (
        <rect x={x} y={0} width={width} height={barPixels} fill={kind === 'overhead' ? 'none' : hatch} />
      )}
      {isNamed ? (
        <text className="place-name" x={x + width / 2} y={16} textAnchor="middle">
          {text}
        </text>
      ) : null}
    </g>
  );
}
