import type { AdviceDetail } from '../../../../server/api/schema/remediation.ts';
import { noPlanText, peersText, usageText, waysOf } from './model.ts';

/** Why not otherwise: the plan beside doing nothing and beside what Open vSwitch would do of itself. */
export function WaysPanel({ advice }: { readonly advice: AdviceDetail }) {
  const ways = waysOf(advice);
  return (
    <section className="panel" aria-label="Why not otherwise">
      <header className="panel-head">
        <h2>Why not otherwise</h2>
        <span className="muted">A rebalance by Open vSwitch, by the same loads</span>
      </header>
      <p className="none">{peersText(advice) ?? noPlanText(advice)}</p>
      {advice.peers.length === 0 ? null : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        <section className="table-scroll" aria-label="Ways, one by one" tabIndex={0}>
          <table className="sums">
            <caption className="hidden">Ways to place the queues</caption>
            <thead>
              <tr>
                <th scope="col">Way</th>
                {['Queues moved', 'Polled by nobody', 'Busiest thread'].map((name) => (
                  <th scope="col" className="right" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {ways.map(({ name, moved, unpolled, maxUsagePpm, isOurs }) => (
                <tr key={name}>
                  <th scope="row">{isOurs ? <b>{name}</b> : name}</th>
                  <td className="num right">{moved}</td>
                  <td className="num right">{unpolled}</td>
                  <td className="num right">{usageText(maxUsagePpm)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
