import type { Burn } from '../../../../server/api/schema/slos.ts';
import { Badge } from '../../components/badge.tsx';
import { burnRows } from './model.ts';

/** The tiers, each with what it read and in how long the budget would be gone. */
export function BurnTable(props: {
  readonly burn: readonly Burn[];
  readonly target: string;
  readonly windowSeconds: number;
}) {
  const { burn, target, windowSeconds } = props;
  const rows = burnRows(burn, target, windowSeconds);
  return (
    <section className="panel" aria-label="Burn">
      <header className="panel-head">
        <h2>Burn</h2>
        <span className="muted">How many times faster than allowed; a tier fires when both windows reach it.</span>
      </header>
      {rows.length === 0 ? (
        <p className="none unknown">Not judged yet.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        <section className="table-scroll" aria-label="Burn by tier" tabIndex={0}>
          <table className="sums">
            <caption className="hidden">Burn by tier</caption>
            <thead>
              <tr>
                <th scope="col">Tier</th>
                <th scope="col">State</th>
                <th scope="col" className="right">
                  Long window
                </th>
                <th scope="col" className="right">
                  Short window
                </th>
                <th scope="col" className="right">
                  Fires at
                </th>
                <th scope="col">That is</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ tier, state, stateName, long, short, threshold, meaning }) => (
                <tr key={tier}>
                  <th scope="row">{tier}</th>
                  <td>
                    <Badge tone={state === 'firing' ? 'bad' : state === 'frozen' ? 'unknown' : 'neutral'}>
                      {stateName}
                    </Badge>
                  </td>
                  <td className="num right">
                    <b>{long.rate}</b> <span className="muted">{`${long.reading} in ${long.window}`}</span>
                  </td>
                  <td className="num right">
                    <b>{short.rate}</b> <span className="muted">{`${short.reading} in ${short.window}`}</span>
                  </td>
                  <td className="num right">{threshold}</td>
                  <td className="muted">{meaning}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
