import type { PortPage } from '../../../../server/api/schema/ports.ts';
import { Coverage } from '../../components/coverage.tsx';
import { FilterBox } from '../../components/filter-box.tsx';
import { Stat, Stats } from '../../components/stat.tsx';
import { Empty, NoData } from '../../components/states.tsx';
import { formatCount, formatShort } from '../../format/count.ts';
import { formatRatio } from '../../format/ratio.ts';
import { useUrl } from '../../url/use-url.ts';
import { filterPorts, windowTotals } from './model.ts';
import { PortTable } from './port-table.tsx';

/** Sums of the window and the table below them. */
export function PortsSection({ page, withHost }: { readonly page: PortPage; readonly withHost: boolean }) {
  const url = useUrl();
  if (page.items.length === 0) return <NoPorts withHost={withHost} />;
  const totals = windowTotals(page.items);
  const shown = filterPorts(page.items, url.filter);
  const known = totals.known > 0;
  const text = (value: bigint) => (known ? formatShort(value) : 'no data');
  return (
    <>
      {known ? null : (
        <NoData>
          No slot of this window is known for any port: the sums say nothing. Choose another range, or see Sources for
          what failed.
        </NoData>
      )}
      <Stats>
        <Stat
          label="Offered"
          value={text(totals.offered)}
          note={known ? formatCount(totals.offered) : 'in the window'}
        />
        <Stat
          label="Delivered"
          value={text(totals.delivered)}
          note={known ? formatCount(totals.delivered) : 'in the window'}
        />
        <Stat
          label="Drops"
          value={<span className={known && totals.drops > 0n ? 'loss' : undefined}>{text(totals.drops)}</span>}
          note={known ? `${formatRatio(totals.drops, totals.offered, 4)} of offered` : 'in the window'}
        />
        <Stat
          label="Unexplained"
          value={text(totals.unexplained)}
          note={
            known && totals.pending > 0n
              ? `and ${formatCount(totals.pending)} with a cause pending`
              : 'no cause counted'
          }
        />
        <Stat
          label="Known path-seconds"
          value={formatRatio(BigInt(totals.slots.observed + totals.slots.bridged), BigInt(totals.slots.expected), 1)}
          note={<Coverage slots={totals.slots} words="figure" />}
        />
      </Stats>
      <section className="panel" aria-label="Ports">
        <header className="panel-head">
          <h2>Ports</h2>
          <FilterBox label="Filter ports" shown={shown.length} of={page.items.length} />
        </header>
        <PortTable items={shown} withHost={withHost} carried={url.carried} sort={url.sort} onSort={url.setSort} />
        {shown.length === 0 ? <p className="none">No port fits the filter “{url.filter}”.</p> : null}
      </section>
    </>
  );
}

function NoPorts({ withHost }: { readonly withHost: boolean }) {
  return (
    <Empty title="No ports yet">
      <p>
        {withHost ? 'No host has counted a port' : 'This host has counted no port'} in this window. Check that the
        collector may read the datapath:
      </p>
      <pre>
        <code>fournines collector --once</code>
      </pre>
      <p>It prints one gather, with what each source found or why it could not.</p>
    </Empty>
  );
}
