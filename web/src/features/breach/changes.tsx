import type { BreachChange, BreachDetail } from '../../../../server/api/schema/breaches.ts';
import { bundlePath } from '../../api/breaches.ts';
import { formatCount } from '../../format/count.ts';
import { formatInstant, type Zone } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { BurnMarks, VerdictBadge } from '../slo/slo-words.tsx';
import { WordBadge } from '../slo/word-badge.tsx';
import { breachWords } from './model.ts';

/** The life of a breach, the first change first. Changes are never changed. */
export function Changes({ breach }: { readonly breach: BreachDetail }) {
  const { zone } = useUrl();
  return (
    <section className="panel" aria-label="Timeline">
      <header className="panel-head">
        <h2>Timeline</h2>
      </header>
      <ol className="timeline">
        {breach.changes.map((change) => (
          <Change key={change.entry} change={change} breach={breach} zone={zone} />
        ))}
      </ol>
    </section>
  );
}

function Change(props: { readonly change: BreachChange; readonly breach: BreachDetail; readonly zone: Zone }) {
  const { change, breach, zone } = props;
  const { entry, at, state, reason, acknowledgedBy, figures, burn, engine, watermark, evidence, sha256 } = change;
  const runs = Date.parse(at) < Date.parse(breach.window.to);
  // The chain does not say which: of clean seconds it says `over its share`, as of packets, which is true of both.
  const sli = figures.highLoss === null ? 'packetDelivery' : 'availability';
  return (
    <li>
      <p>
        <span className="num">{formatInstant(Date.parse(at), zone)}</span> <WordBadge words={breachWords[state]} />{' '}
        <b>{reason}</b>
        {acknowledgedBy === null ? null : <span className="muted"> (taken by {acknowledgedBy})</span>}
      </p>
      <p className="num">
        {formatCount(figures.high.bad)} bad (low reading {formatCount(figures.low.bad)}) of{' '}
        {formatCount(figures.high.total)}, {formatCount(figures.budget.allowed)} allowed,{' '}
        {formatCount(figures.budget.remaining)} left <VerdictBadge verdict={figures.verdict} sli={sli} runs={runs} />{' '}
        <BurnMarks burn={burn} />
      </p>
      <p className="muted small num">
        Change {entry}, rules {engine}, rows complete to{' '}
        {watermark === null ? 'unknown' : formatInstant(Date.parse(watermark), zone)},{' '}
        {evidence === null ? (
          'no bundle'
        ) : (
          <a href={bundlePath(breach.id, entry)} download="">
            bundle of change {entry}
          </a>
        )}
        , sha256 <code className="hash">{sha256}</code>
      </p>
    </li>
  );
}
