import type { DeliveryDetail } from '../../../../server/api/schema/deliveries.ts';
import { formatLagMs } from '../../format/duration.ts';
import { formatInstant } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { WordBadge } from '../slo/word-badge.tsx';
import { outcomeWords } from './model.ts';

/** Each attempt, the last one last. */
export function Attempts({ delivery }: { readonly delivery: DeliveryDetail }) {
  const { log, attempts, id } = delivery;
  return (
    <section className="panel" aria-label="Attempts">
      <header className="panel-head">
        <h2>Attempts</h2>
        <span className="muted num">
          {attempts > log.length ? `The last ${log.length} of ${attempts}; ` : ''}request id <code>{id}</code> at each
        </span>
      </header>
      {log.length === 0 ? <p className="none">No attempt was made yet.</p> : <Table log={log} />}
    </section>
  );
}

function Table({ log }: Pick<DeliveryDetail, 'log'>) {
  const { zone } = useUrl();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="table-scroll" aria-label="Attempts, one by one" tabIndex={0}>
      <table className="sums">
        <caption className="hidden">Attempts, the last one last</caption>
        <thead>
          <tr>
            <th scope="col">Attempt</th>
            <th scope="col">At</th>
            <th scope="col">Outcome</th>
            <th scope="col" className="right">
              Status
            </th>
            <th scope="col" className="right">
              Latency
            </th>
            <th scope="col">Code</th>
            <th scope="col">What came back</th>
          </tr>
        </thead>
        <tbody>
          {log.map(({ attempt, at, outcome, status, latencyMs, code, detail }) => (
            <tr key={attempt}>
              <th scope="row">{attempt}</th>
              <td className="num">{formatInstant(Date.parse(at), zone)}</td>
              <td>
                <WordBadge words={outcomeWords[outcome]} />
              </td>
              <td className="num right">{status ?? <span className="unknown">no answer</span>}</td>
              <td className="num right">{formatLagMs(latencyMs)}</td>
              <td>{code === '' ? <span className="muted">none</span> : <code>{code}</code>}</td>
              <td>{detail === '' ? <span className="muted">nothing</span> : detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
