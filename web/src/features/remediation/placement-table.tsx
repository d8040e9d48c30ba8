import type { AdviceDetail } from '../../../../server/api/schema/remediation.ts';
import { percent, shareText } from './model.ts';

type Thread = AdviceDetail['before'][number];

/** The same as the picture, in numbers, of every core. */
export function PlacementTable({ advice }: { readonly advice: AdviceDetail }) {
  const { before, after, moves } = advice;
  const moved = new Set(moves.map(({ rxq }) => rxq));
  const hasAfter = after.length > 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="table-scroll chart-table placement-table" aria-label="Queues on cores, as a table" tabIndex={0}>
      <table className="sums">
        <caption className="hidden">Queues on cores</caption>
        <thead>
          <tr>
            <th scope="col">Core</th>
            <th scope="col" className="right">
              Node
            </th>
            <th scope="col" className="right">
              Overhead
            </th>
            <th scope="col" className="right">
              Taken by others
            </th>
            <th scope="col">Queues before</th>
            <th scope="col" className="right">
              Use before
            </th>
            {hasAfter ? (
              <>
                <th scope="col">Queues after</th>
                <th scope="col" className="right">
                  Use after
                </th>
              </>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {before.map((thread, place) => (
            <tr key={thread.core}>
              <th scope="row" className="num">
                {thread.core}
              </th>
              <td className="num right">{thread.numa}</td>
              <td className="num right">{shareText(thread.overheadPpm)}</td>
              <td className="num right">{shareText(thread.stolenPpm)}</td>
              <Queues rxqs={thread.rxqs} moved={moved} word="leaves" />
              <td className="num right">{percent(thread.usagePpm)}</td>
              {hasAfter ? (
                <>
                  <Queues rxqs={after[place]?.rxqs ?? []} moved={moved} word="came" />
                  <td className="num right">{percent(after[place]?.usagePpm ?? 0)}</td>
                </>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Queues(props: { readonly rxqs: Thread['rxqs']; readonly moved: ReadonlySet<string>; readonly word: string }) {
  const { rxqs, moved, word } = props;
  if (rxqs.length === 0) return <td className="muted">no queue</td>;
  return (
    <td>
      <ul className="queue-list">
        {rxqs.map(({ id, usagePpm, isPinned }) => (
          <li key={id} className="num">
            {moved.has(id) ? <b>{`▲ ${id} ${percent(usagePpm)}, ${word}`}</b> : `${id} ${percent(usagePpm)}`}
            {isPinned ? <span className="muted"> pinned</span> : null}
          </li>
        ))}
      </ul>
    </td>
  );
}
