import { Link } from '@tanstack/react-router';
import type { DeliveryDetail, ToldAlert } from '../../../../server/api/schema/deliveries.ts';
import { formatCount } from '../../format/count.ts';
import type { Zone } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { WordBadge } from '../slo/word-badge.tsx';
import { alertWords, budgetText, causeText, lifeText, ownPath } from './model.ts';

/** What it says, as it was when it was decided. */
export function Alerts({ delivery }: { readonly delivery: DeliveryDetail }) {
  const { zone } = useUrl();
  const { alerts, leftOut } = delivery.notification;
  return (
    <section className="panel" aria-label="Alerts in it">
      <header className="panel-head">
        <h2>What it says</h2>
        <span className="muted">As it was known when it was decided; those that fire first, the worst first.</span>
      </header>
      {alerts.length === 0 ? (
        <p className="none">There is no alert in it.</p>
      ) : (
        <ol className="timeline">
          {alerts.map((alert) => (
            <Alert key={alert.fingerprint} alert={alert} zone={zone} />
          ))}
        </ol>
      )}
      {leftOut === 0 ? null : <p className="none">{formatCount(`${leftOut}`)} more, for which there was no room.</p>}
    </section>
  );
}

function Alert({ alert, zone }: { readonly alert: ToldAlert; readonly zone: Zone }) {
  const { carried } = useUrl();
  const { status, severity, facts, flapping } = alert;
  const { summary, objective, tier, causes, tried, acknowledgedBy, links } = facts;
  const page = ownPath(links.page);
  const evidence = ownPath(links.evidence);
  const timeline = ownPath(links.timeline ?? null);
  const explain = ownPath(links.explain ?? null);
  return (
    <li>
      <p>
        <WordBadge words={alertWords[status]} /> ({severity}) <b>{summary}</b>
      </p>
      <p className="num">
        {lifeText(alert, zone)}
        {flapping === true ? '; it comes and goes' : ''}. {budgetText(facts, zone)}
      </p>
      <p className="muted num">
        {objective.indicator} of{' '}
        <Link to="/objectives/$slo" params={{ slo: objective.name }} search={carried}>
          {objective.name}
        </Link>{' '}
        (version {objective.version}){tier === null ? '' : `, tier ${tier} fires`}
      </p>
      {causes.length === 0 ? (
        <p className="unknown">Likely cause: unknown.</p>
      ) : (
        causes.map((cause) => (
          <p className="num" key={`${cause.cause} ${cause.host} ${cause.port}`}>
            Likely cause: {causeText(cause)}{' '}
            <span className="muted">
              {cause.host} {cause.port}
            </span>
          </p>
        ))
      )}
      <p className="muted">
        {tried.length === 0 ? 'Nothing was tried: repair is not switched on.' : `Tried: ${tried.join(', ')}.`}{' '}
        {acknowledgedBy === null ? 'Nobody had taken it.' : `${acknowledgedBy} takes care of it.`}{' '}
        {page === null ? null : <a href={page}>Page of it</a>}{' '}
        {timeline === null ? null : <a href={timeline}>What the port did</a>}{' '}
        {explain === null ? null : <a href={explain}>Whose each lost packet was</a>}{' '}
        {evidence === null ? (
          'No evidence yet.'
        ) : (
          <a href={evidence} download="">
            Evidence
          </a>
        )}
      </p>
    </li>
  );
}
