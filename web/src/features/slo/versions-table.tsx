import type { SloDetail } from '../../../../server/api/schema/slos.ts';
import { formatPercent } from '../../format/decimal.ts';
import { formatInstant, type Zone, zoneName } from '../../format/time.ts';

/** What was promised, from when to when. A later version never changes an earlier one. */
export function VersionsTable({ versions, zone }: { readonly versions: SloDetail['versions']; readonly zone: Zone }) {
  const time = (instant: string) => formatInstant(Date.parse(instant), zone);
  return (
    <section className="panel" aria-label="Versions">
      <header className="panel-head">
        <h2>Versions</h2>
        <span className="muted">{zoneName(zone)}</span>
      </header>
      <div className="table-scroll">
        <table className="sums">
          <caption className="hidden">Versions of the objective</caption>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Holds from</th>
              <th scope="col">To</th>
              <th scope="col">Target</th>
              <th scope="col">Brought by</th>
              <th scope="col">Document</th>
            </tr>
          </thead>
          <tbody>
            {versions.map(({ version, from, to, target, openslo, sha256, witness, recordedAt }) => (
              <tr key={version}>
                <th scope="row">{version}</th>
                <td className="num">{time(from)}</td>
                <td className="num">{to === null ? 'still' : time(to)}</td>
                <td className="num">{formatPercent(target)}</td>
                <td>
                  {witness} <span className="muted num small">{time(recordedAt)}</span>
                </td>
                <td>
                  <details className="inline">
                    <summary>
                      <code title={sha256}>{sha256.slice(0, 12)}…</code>
                    </summary>
                    <pre>
                      <code>{openslo}</code>
                    </pre>
                    <p className="small">
                      sha256 <code className="hash">{sha256}</code>
                    </p>
                  </details>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
