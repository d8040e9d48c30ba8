import { useState } from 'react';
import type { AdviceDetail } from '../../../../server/api/schema/remediation.ts';
import { percent } from './model.ts';
import { pictureOf } from './picture.ts';
import { PlacementBars } from './placement-bars.tsx';
import { PlacementTable } from './placement-table.tsx';

/** Queues on cores before and after, as a picture and as a table. */
export function PlacementPanel({ advice }: { readonly advice: AdviceDetail }) {
  const [all, setAll] = useState(false);
  const picture = pictureOf(advice, all);
  const { limits } = advice;
  return (
    <section className="panel" aria-label="Queues on cores">
      <header className="panel-head">
        <h2>Queues on cores</h2>
        {picture.hidden === 0 && !all ? null : (
          <button type="button" className="quiet" aria-pressed={all} onClick={() => setAll(!all)}>
            {all ? 'Show the busiest' : `Show ${picture.hidden} more cores`}
          </button>
        )}
      </header>
      <div className="placements">
        <PlacementBars title="Before" bars={picture.before} scalePpm={picture.scalePpm} />
        {picture.after.length === 0 ? null : (
          <PlacementBars title="After" bars={picture.after} scalePpm={picture.scalePpm} />
        )}
      </div>
      <ul className="placement-keys">
        <li>
          <i className="key place-queue" /> a queue, as wide as its load
        </li>
        <li>
          <i className="key place-moved" /> ▲ a queue that moves
        </li>
        <li>
          <i className="key place-overhead" /> overhead
        </li>
        <li>
          <i className="key place-stolen" /> taken by others
        </li>
        {limits === null ? null : (
          <>
            <li>
              <i className="key place-enter" /> {percent(limits.enterPpm)}: too full
            </li>
            <li>
              <i className="key place-accept" /> {percent(limits.acceptPpm)}: no plan leaves a thread above
            </li>
          </>
        )}
      </ul>
      <PlacementTable advice={advice} />
    </section>
  );
}
