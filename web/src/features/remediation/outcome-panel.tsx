import type { AdviceDetail } from '../../../../server/api/schema/remediation.ts';
import { Stat, Stats } from '../../components/stat.tsx';
import { formatInstant } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { differenceText, percent } from './model.ts';

/** What came of it once somebody had moved its queues: predicted beside observed. */
export function OutcomePanel({ outcome }: Pick<AdviceDetail, 'outcome'>) {
  const { zone } = useUrl();
  return (
    <section className="panel" aria-label="What came of it">
      <header className="panel-head">
        <h2>What came of it</h2>
        {outcome === null ? null : (
          <span className="muted num">seen at {formatInstant(Date.parse(outcome.at), zone)}</span>
        )}
      </header>
      {outcome === null ? (
        <p className="none">
          Not known: within an hour of the advice no queue was seen to be where it was to go, or too little has been
          read since.
        </p>
      ) : (
        <Stats>
          <Stat
            label="Moves made"
            value={`${outcome.movesMade} of ${outcome.movesAdvised}`}
            note={`${outcome.othersMoved} other ${outcome.othersMoved === 1 ? 'queue' : 'queues'} moved`}
          />
          <Stat
            label="Predicted"
            value={percent(outcome.predictedPpm)}
            note="busiest thread, of the placement that came about"
          />
          <Stat label="Observed" value={percent(outcome.observedPpm)} note="the same, by what was read since" />
          <Stat label="Observed less predicted" value={differenceText(outcome.errorPpm)} note="in points of use" />
        </Stats>
      )}
    </section>
  );
}
