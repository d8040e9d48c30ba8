import { useId } from 'react';
import { useWidth } from '../components/use-width.ts';
import { type BurnDownDay, burnDownOf, type Guess } from './burn-down.ts';

const heightPixels = 200;

/** What is left of a budget, day by day; what nobody knows is a hatched band, the forecast a dotted cone. */
export function BurnDownChart(props: {
  readonly days: readonly (BurnDownDay & { readonly label: string })[];
  readonly allowed: bigint;
  readonly guess: Guess | null;
  readonly untilSeconds: number;
  readonly summary: string;
  readonly topLabel: string;
}) {
  const { days, allowed, guess, untilSeconds, summary, topLabel } = props;
  const { ref, width } = useWidth<HTMLDivElement>();
  const hatchId = useId();
  const drawn = burnDownOf(days, { allowed, guess, untilSeconds, box: { width, height: heightPixels } });
  const every = Math.max(1, Math.ceil((days.length * 26) / Math.max(1, width)));
  return (
    <div className="burn-down" role="img" aria-label={summary}>
      <div ref={ref} />
      {drawn === null || width === 0 ? null : (
        <svg width={width} height={heightPixels + 18} aria-hidden="true">
          <defs>
            <pattern id={hatchId} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <line x1="0" y1="0" x2="0" y2="6" className="burn-hatch" />
            </pattern>
          </defs>
          {drawn.dayXs.map((x, i) => (
            <g key={days[i]?.label}>
              <line className="burn-day" x1={x} x2={x} y1={drawn.topY} y2={heightPixels} />
              {i % every === 0 ? (
                <text x={x + 3} y={heightPixels + 14}>
                  {days[i]?.label}
                </text>
              ) : null}
            </g>
          ))}
          <line className="burn-zero" x1={0} x2={width} y1={drawn.zeroY} y2={drawn.zeroY} />
          <path className="burn-band" d={drawn.band} fill={`url(#${hatchId})`} />
          <path className="burn-cone" d={drawn.cone} />
          <path className="burn-cone-middle" d={drawn.coneMiddle} />
          <path className="burn-line" d={drawn.line} />
          {drawn.nowX === null ? null : (
            <line className="burn-now" x1={drawn.nowX} x2={drawn.nowX} y1={0} y2={heightPixels} />
          )}
          <text className="burn-label" x={width - 6} y={drawn.topY + 12} textAnchor="end">
            {topLabel}
          </text>
          <text className="burn-label" x={6} y={drawn.zeroY - 4}>
            spent
          </text>
        </svg>
      )}
    </div>
  );
}
