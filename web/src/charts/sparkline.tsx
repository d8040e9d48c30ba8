import { sparklinePath } from './sparkline-path.ts';

/** A small picture of the last values; null is a gap in the line, never a zero. Decoration beside a number. */
export function Sparkline(props: {
  readonly values: readonly (number | null)[];
  readonly width?: number;
  readonly height?: number;
  readonly losses?: boolean;
}) {
  const { values, width = 96, height = 20, losses = false } = props;
  return (
    <svg
      className={losses ? 'sparkline losses' : 'sparkline'}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
    >
      <path d={sparklinePath(values, width, height)} />
    </svg>
  );
}
