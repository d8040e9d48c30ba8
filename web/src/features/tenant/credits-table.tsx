import type { Credit } from '../../../../server/api/schema/credits.ts';
import { useCredits } from '../../api/tenants.ts';
import { QueryView } from '../../components/query-view.tsx';
import { formatCount } from '../../format/count.ts';
import { formatMoney } from '../../format/money.ts';
import { verdictWords } from '../slo/model.ts';
import { WordBadge } from '../slo/word-badge.tsx';
import { type CreditRow, creditRows, creditSums, monthName } from './model.ts';

/** What is owed to the tenant, line by line as the ledger has it. A line is never changed: a later one takes its place. */
export function CreditsPanel({ tenant, month }: { readonly tenant: string; readonly month: string | undefined }) {
  const credits = useCredits(tenant, month);
  return (
    <section className="panel" aria-label="Credits">
      <header className="panel-head">
        <h2>Credits{month === undefined ? '' : ` of ${monthName(month)}`}</h2>
        <span className="num">
          {creditSums(credits.data?.items ?? [])
            .map(({ currency, amount }) => formatMoney(amount, currency))
            .join(' · ')}
        </span>
      </header>
      <QueryView query={credits} what="credits">
        {({ items }) =>
          items.length === 0 ? (
            <p className="none">
              No credit{month === undefined ? '' : ' in this month'}. They are computed when a month is final, from the
              terms of an agreement.
            </p>
          ) : (
            <CreditsTable credits={items} />
          )
        }
      </QueryView>
    </section>
  );
}

function CreditsTable({ credits }: { readonly credits: readonly Credit[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="table-scroll" aria-label="Credits, line by line" tabIndex={0}>
      <table className="sums">
        <caption className="hidden">Credits, the youngest line first</caption>
        <thead>
          <tr>
            <th scope="col">Line</th>
            <th scope="col">Month</th>
            <th scope="col">Service</th>
            <th scope="col">Decided by</th>
            <th scope="col" className="right">
              Bad of all
            </th>
            <th scope="col" className="right">
              Share
            </th>
            <th scope="col" className="right">
              Fee
            </th>
            <th scope="col" className="right">
              Credit
            </th>
            <th scope="col">State</th>
            <th scope="col">How it was computed</th>
          </tr>
        </thead>
        <tbody>
          {creditRows(credits).map(({ credit, replacedBy }) => (
            <CreditLine key={`${credit.agreement} ${credit.entry}`} credit={credit} replacedBy={replacedBy} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function CreditLine({ credit, replacedBy }: CreditRow) {
  return (
    <tr className={replacedBy === null ? undefined : 'replaced'}>
      <th scope="row" className="num">
        {credit.entry}
      </th>
      <td className="num">{credit.month}</td>
      <td>
        {credit.service} <span className="muted small">{credit.item}</span>
      </td>
      <td>
        {credit.slo} <WordBadge words={verdictWords[credit.verdict]} />
      </td>
      <td className="num right">
        {formatCount(credit.bad)} of {formatCount(credit.total)}
      </td>
      <td className="num right">
        {formatCount(credit.share.num)}/{formatCount(credit.share.den)}
      </td>
      <td className="num right">{formatMoney(credit.fee, credit.currency)}</td>
      <td className="num right">
        <b>{formatMoney(credit.amount, credit.currency)}</b>
      </td>
      <td>
        {credit.state}
        {replacedBy === null ? null : <span className="muted small"> (line {replacedBy} took its place)</span>}
      </td>
      <td>
        <details className="inline">
          <summary>Explain</summary>
          <p>{credit.explanation}</p>
          <p className="small">
            By {credit.by}
            {credit.comment === '' ? '' : `: ${credit.comment}`}. Event <code>{credit.id}</code>, agreement{' '}
            {credit.agreement} version {credit.agreementVersion}; sha256 <code className="hash">{credit.sha256}</code>
          </p>
        </details>
      </td>
    </tr>
  );
}
