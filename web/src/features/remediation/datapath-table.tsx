import { Link } from '@tanstack/react-router';
import type { DatapathNow } from '../../api/advice.ts';
import { formatInstant } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { WordBadge } from '../slo/word-badge.tsx';
import { Gates } from './gates.tsx';
import { decisionWords, diagnosisWords, phaseText, usageText } from './model.ts';

/** What is wrong with each datapath now, by what that was seen, and what would forbid to act on it. */
export function DatapathTable({ datapaths }: { readonly datapaths: readonly DatapathNow[] }) {
  const { carried, zone } = useUrl();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="table-scroll" aria-label="Datapaths, one by one" tabIndex={0}>
      <table className="sums tall datapaths">
        <caption className="hidden">Datapaths now</caption>
        <thead>
          <tr>
            <th scope="col">Datapath</th>
            <th scope="col">Diagnosis</th>
            <th scope="col">Seen by</th>
            <th scope="col">Gates that hold</th>
            <th scope="col" className="right">
              Busiest thread
            </th>
            <th scope="col">Advice</th>
            <th scope="col" className="right">
              Looked at
            </th>
          </tr>
        </thead>
        <tbody>
          {datapaths.map(({ host, datapath, diagnosis, decision, because, gates, maxUsagePpm, advice, at, ...now }) => (
            <tr key={`${host} ${datapath}`}>
              <th scope="row">
                <Link to="/hosts/$host" params={{ host }} search={{ ...carried, tab: 'ledger' }}>
                  {host}
                </Link>
                <span className="second">{datapath}</span>
              </th>
              <td>
                <WordBadge words={diagnosisWords[diagnosis]} />
                <span className="second">
                  {phaseText(now.phase)}
                  {now.since === null ? null : ` since ${formatInstant(Date.parse(now.since), zone)}`}
                </span>
              </td>
              <td>{because[0] ?? <span className="muted">nothing</span>}</td>
              <td>
                <Gates gates={gates} />
              </td>
              <td className="num right">{usageText(maxUsagePpm)}</td>
              <td>
                <WordBadge words={decisionWords[decision]} />
                <span className="second">
                  {advice === null ? (
                    'none in an hour'
                  ) : (
                    <Link to="/advice/$id" params={{ id: advice }} search={carried}>
                      last advice<span className="hidden"> for {host}</span>
                    </Link>
                  )}
                </span>
              </td>
              <td className="num right">{formatInstant(Date.parse(at), zone)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
