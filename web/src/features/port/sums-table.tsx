import type { PortSums } from '../../../../server/api/schema/ports.ts';
import { Coverage } from '../../components/coverage.tsx';
import { formatBytes } from '../../format/bytes.ts';
import { formatCount } from '../../format/count.ts';
import { formatRatio } from '../../format/ratio.ts';
import { directionName, isKnown } from '../ports/model.ts';
import { causeWords } from './cause-words.ts';

/** Sums of the window, one column per direction: offered = delivered + drops, drops = causes + pending + unexplained. */
export function SumsTable({ items }: { readonly items: readonly PortSums[] }) {
  const names = causeNames(items);
  const countedIn = items.find((item) => item.countedIn !== '')?.countedIn;
  return (
    <section className="panel" aria-label="Sums of the window">
      <header className="panel-head">
        <h2>Sums of the window</h2>
        {countedIn === undefined ? null : <span className="muted">already counted in {countedIn}</span>}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section className="table-scroll" aria-label="Sums, scrollable" tabIndex={0}>
        <table className="sums">
          <caption className="hidden">Sums of the window by direction</caption>
          <Head items={items} />
          <tbody>
            <SumRow name="Offered" items={items} pick={({ offered }) => offered} />
            <SumRow name="Delivered" items={items} pick={({ delivered }) => delivered} />
            <SumRow name="Drops" items={items} pick={({ drops }) => drops} loss />
            {names.map((name) => (
              <SumRow
                key={name}
                name={name}
                hint={causeWords(name)}
                nested
                items={items}
                pick={(item) => item.causes.find(({ cause }) => cause === name)?.packets ?? null}
                place={(item) => item.causes.find(({ cause }) => cause === name)?.place ?? ''}
                loss={name !== 'filtered'}
              />
            ))}
            <SumRow
              name="pending"
              hint={causeWords('pending')}
              nested
              items={items}
              pick={({ pending }) => pending}
              loss
            />
            <SumRow
              name="unexplained"
              hint="Lost, and no cause was counted although causes have been told since."
              nested
              items={items}
              pick={({ unexplained }) => unexplained}
              loss
            />
            <Rest items={items} />
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Head({ items }: { readonly items: readonly PortSums[] }) {
  return (
    <thead>
      <tr>
        <th scope="col">Packets</th>
        {items.map(({ direction }) => (
          <th scope="col" className="right" key={direction}>
            {directionName(direction)}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Rest({ items }: { readonly items: readonly PortSums[] }) {
  return (
    <>
      <tr>
        <th scope="row">Bytes</th>
        {items.map((item) => (
          <td className="num right" key={item.direction}>
            {isKnown(item.slots) ? `${formatCount(item.bytes)} B · ${formatBytes(item.bytes)}` : 'no data'}
          </td>
        ))}
      </tr>
      <tr>
        <th scope="row">Known seconds</th>
        {items.map(({ direction, slots }) => (
          <td className="right" key={direction}>
            <Coverage slots={slots} words="long" />
          </td>
        ))}
      </tr>
    </>
  );
}

function SumRow(props: {
  readonly name: string;
  readonly hint?: string | null;
  readonly items: readonly PortSums[];
  readonly pick: (item: PortSums) => string | null;
  readonly place?: (item: PortSums) => string;
  readonly nested?: boolean;
  readonly loss?: boolean;
}) {
  const { name, hint = null, items, pick, place, nested = false, loss = false } = props;
  return (
    <tr className={nested ? 'nested' : undefined}>
      <th scope="row">
        {name}
        {hint === null ? null : <span className="muted small"> {hint}</span>}
      </th>
      {items.map((item) => (
        <td className="num right" key={item.direction}>
          <SumCell item={item} value={pick(item)} place={place?.(item) ?? ''} loss={loss} />
        </td>
      ))}
    </tr>
  );
}

function SumCell(props: {
  readonly item: PortSums;
  readonly value: string | null;
  readonly place: string;
  readonly loss: boolean;
}) {
  const { item, value, place, loss } = props;
  if (!isKnown(item.slots)) return <span className="unknown">no data</span>;
  if (value === null) return <span className="muted">not counted</span>;
  const lost = loss && value !== '0';
  return (
    <>
      {place === 'beside' ? <span className="muted small">beside the total </span> : null}
      {lost && item.offered !== '0' ? (
        <span className="muted small">{formatRatio(BigInt(value), BigInt(item.offered), 4)} </span>
      ) : null}
      <span className={lost ? 'loss' : undefined}>{formatCount(value)}</span>
    </>
  );
}

/** `pending` has a row of its own whether or not anything is. */
function causeNames(items: readonly PortSums[]): string[] {
  const names = new Set(items.flatMap(({ causes }) => causes.map(({ cause }) => cause)));
  names.delete('pending');
  return [...names].sort();
}
