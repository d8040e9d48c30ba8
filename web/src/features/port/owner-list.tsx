import { formatCount } from '../../format/count.ts';
import type { OwnerName } from './model.ts';

/** Whose lost packets are: name, mark and number each; what nobody can say is hatched. */
export function OwnerList({
  owned,
}: {
  readonly owned: readonly { readonly owner: OwnerName; readonly packets: bigint }[];
}) {
  return (
    <ul className="owners num">
      {owned.map(({ owner, packets }) => (
        <li key={owner}>
          <i className={`swatch owner-${owner}`} />
          {owner} <b>{formatCount(packets)}</b>
        </li>
      ))}
    </ul>
  );
}
