import { useId, useState } from 'react';
import type { JointName, LedgerDetail } from '../../../../server/api/schema/ledger.ts';
import { Icon } from '../../components/icon.tsx';
import { formatCount } from '../../format/count.ts';
import { ownerNames } from '../port/model.ts';
import { OwnerList } from '../port/owner-list.tsx';
import { JointDrops } from './joint-drops.tsx';
import { type JointView, jointViews } from './model.ts';

/** The way of a packet through the host, and what was lost at each joint of it. */
export function Joints({ detail }: { readonly detail: LedgerDetail }) {
  const [asTable, setAsTable] = useState(false);
  const [open, setOpen] = useState<JointName | null>(null);
  const listId = useId();
  const { host, datapath } = detail.entry;
  const views = jointViews(detail);
  const opened = views.find(({ joint }) => joint === open);
  return (
    <section className="panel" aria-label={`Where packets were lost, ${datapath}`}>
      <header className="panel-head">
        <h3>Where packets were lost</h3>
        <button type="button" className="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          Show as {asTable ? 'picture' : 'table'}
        </button>
      </header>
      {asTable ? (
        <JointTable views={views} datapath={datapath} />
      ) : (
        <ol className="joints">
          {views.map((view) => (
            <Joint
              key={view.joint}
              view={view}
              open={open === view.joint}
              listId={listId}
              toggle={() => setOpen(open === view.joint ? null : view.joint)}
            />
          ))}
        </ol>
      )}
      <div id={listId}>
        {opened === undefined || asTable ? null : <JointDrops view={opened} host={host} datapath={datapath} />}
      </div>
    </section>
  );
}

function Joint(props: { readonly view: JointView; readonly open: boolean; readonly listId: string; toggle(): void }) {
  const { view, open, listId, toggle } = props;
  const { joint, title, place, passed, lost } = view;
  const look = lost === null ? 'unknown' : lost > 0n ? 'losing' : 'calm';
  return (
    <li className={`joint joint-${look}${joint === 'unknown' ? ' joint-placeless' : ''}`}>
      <button type="button" className="joint-box" aria-expanded={open} aria-controls={listId} onClick={toggle}>
        <span className="joint-title">
          {title}
          <Icon name={open ? 'up' : 'down'} size={12} />
        </span>
        <span className="joint-place">{place}</span>
        {joint === 'unknown' ? null : (
          <span className="joint-passed num">
            <Passed packets={passed} />
          </span>
        )}
      </button>
      <div className="branch">
        <p className="branch-sum num">
          <Lost packets={lost} />
        </p>
        {view.owners.length === 0 ? null : <OwnerList owned={view.owners} />}
        {view.largest.length === 0 ? null : (
          <ul className="branch-causes num">
            {view.largest.map(({ cause, packets }) => (
              <li key={cause}>
                <span className="branch-cause">{cause}</span> <span>{formatCount(packets)}</span>
              </li>
            ))}
            {view.others === 0 ? null : (
              <li className="muted">
                and {view.others} other {view.others === 1 ? 'cause' : 'causes'}
              </li>
            )}
          </ul>
        )}
      </div>
    </li>
  );
}

function Passed({ packets }: { readonly packets: bigint | null }) {
  if (packets === null) return <span className="unknown">passed: not counted</span>;
  return <>{formatCount(packets)} passed</>;
}

function Lost({ packets }: { readonly packets: bigint | null }) {
  if (packets === null) return <span className="unknown">lost: unknown</span>;
  if (packets === 0n) return <span className="muted">0 lost</span>;
  return (
    <span className="loss">
      <Icon name="warn" size={12} /> {formatCount(packets)} lost
    </span>
  );
}

function JointTable({ views, datapath }: { readonly views: readonly JointView[]; readonly datapath: string }) {
  const caption = `Losses by joint, ${datapath}`;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="table-scroll" aria-label={caption} tabIndex={0}>
      <table className="sums">
        <caption className="hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Joint</th>
            <th scope="col" className="right">
              Passed
            </th>
            <th scope="col" className="right">
              Lost
            </th>
            {ownerNames.map((owner) => (
              <th scope="col" className="right" key={owner}>
                {owner}
              </th>
            ))}
            <th scope="col">Causes, most packets first</th>
          </tr>
        </thead>
        <tbody>
          {views.map(({ joint, title, place, passed, lost, owners, largest, others }) => (
            <tr key={joint}>
              <th scope="row">
                {title} <span className="muted small">{place}</span>
              </th>
              <td className="num right">
                {passed === null ? <span className="unknown">not counted</span> : formatCount(passed)}
              </td>
              <td className="num right">
                {lost === null ? (
                  <span className="unknown">unknown</span>
                ) : (
                  <span className={lost > 0n ? 'loss' : undefined}>{formatCount(lost)}</span>
                )}
              </td>
              {ownerNames.map((name) => (
                <td className="num right" key={name}>
                  {lost === null ? (
                    <span className="unknown">unknown</span>
                  ) : (
                    formatCount(owners.find(({ owner }) => owner === name)?.packets ?? 0n)
                  )}
                </td>
              ))}
              <td className="num">
                {largest.map(({ cause, packets }) => `${cause} ${formatCount(packets)}`).join(', ')}
                {others === 0 ? '' : `, and ${others} more`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
