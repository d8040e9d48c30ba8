import type { ReactNode } from 'react';
import type { PortBursts } from '../../../../server/api/schema/bursts.ts';
import { directionName } from '../ports/model.ts';
import { burstPlace, markHeight, marksOf, markWidth, placeOf } from './model.ts';

/** Bursts of loss by seconds, and under them full rings by milliseconds: pale where they may have been, solid where they surely were. */
export function BurstRows(props: {
  readonly told: PortBursts;
  readonly window: { readonly fromSeconds: number; readonly toSeconds: number };
  readonly readout: ReactNode;
}) {
  const { told, window, readout } = props;
  const lossy = told.directions.filter(({ bursts }) => bursts.length > 0);
  const full = Map.groupBy(told.full, ({ direction }) => direction);
  if (lossy.length === 0 && full.size === 0) return null;
  return (
    <div className="tl-group">
      <div className="tl-head tl-head-wide">
        <h4>Bursts of loss, and times in which rings were full</h4>
        <span className="tl-readout num">{readout}</span>
      </div>
      <ul className="tl-rows" aria-label="Bursts over time">
        {lossy.map(({ direction, bursts }) => (
          <Row key={direction} name={`loss ${directionName(direction)}`} count={bursts.length}>
            <path className="burst-mild" d={marksOf(bursts.filter(({ severe }) => !severe).map(burstPlace), window)} />
            <path className="burst-severe" d={marksOf(bursts.filter(({ severe }) => severe).map(burstPlace), window)} />
          </Row>
        ))}
        {[...full].map(([direction, periods]) => (
          <Row key={direction} name={`full ${directionName(direction)}`} count={periods.length}>
            <path
              className="burst-may"
              d={marksOf(
                periods.map((period) => placeOf(period).may),
                window,
              )}
            />
            <path
              className="burst-full"
              d={marksOf(
                periods.map((period) => placeOf(period).sure),
                window,
              )}
            />
          </Row>
        ))}
      </ul>
    </div>
  );
}

function Row({
  name,
  count,
  children,
}: {
  readonly name: string;
  readonly count: number;
  readonly children: ReactNode;
}) {
  return (
    <li className="tl-row">
      <svg className="tl-bars" viewBox={`0 0 ${markWidth} ${markHeight}`} preserveAspectRatio="none" aria-hidden="true">
        {children}
      </svg>
      <p className="tl-row-name">
        <b>{name}</b>
        <span className="num">{count}</span>
      </p>
    </li>
  );
}
