import { useRef } from 'react';
import type { Host } from '../../../../server/api/schema/hosts.ts';
import { useHosts } from '../../api/hosts.ts';
import { FilterBox } from '../../components/filter-box.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Stat, Stats } from '../../components/stat.tsx';
import { Empty, NoData } from '../../components/states.tsx';
import { formatCount } from '../../format/count.ts';
import { formatPacketRate } from '../../format/rate.ts';
import { useWatch } from '../../live/use-live.ts';
import { useUrl } from '../../url/use-url.ts';
import { PageHead } from '../shell/page-head.tsx';
import { StaleBanner } from '../shell/stale-banner.tsx';
import { HostTable } from './host-table.tsx';
import {
  emptyHistory,
  extendHistory,
  type FleetSum,
  type FleetTotals,
  filterHosts,
  fleetTotals,
  type History,
} from './model.ts';

export function FleetPage() {
  useWatch();
  const hosts = useHosts();
  return (
    <>
      <PageHead title="Fleet" ranged={false} />
      <StaleBanner />
      <QueryView query={hosts} what="hosts">
        {({ items }) => (items.length === 0 ? <NoHosts /> : <Fleet hosts={items} />)}
      </QueryView>
    </>
  );
}

function Fleet({ hosts }: { readonly hosts: readonly Host[] }) {
  const url = useUrl();
  const histories = useHistories(hosts);
  const shown = filterHosts(hosts, url.filter);
  const totals = fleetTotals(hosts);
  return (
    <>
      <FleetStats totals={totals} />
      {totals.live === 0 ? (
        <NoData>No host of the fleet has sent a tick lately: nothing is known of the present.</NoData>
      ) : null}
      <section className="panel" aria-label="Hosts of the fleet">
        <header className="panel-head">
          <h2>Hosts</h2>
          <FilterBox label="Filter hosts" shown={shown.length} of={hosts.length} />
        </header>
        <HostTable
          hosts={shown}
          histories={histories}
          zone={url.zone}
          carried={url.carried}
          sort={url.sort}
          onSort={url.setSort}
        />
        {shown.length === 0 ? <p className="none">No host fits the filter “{url.filter}”.</p> : null}
      </section>
    </>
  );
}

function FleetStats({ totals }: { readonly totals: FleetTotals }) {
  const { hosts, live, stale, ports, rx, tx, drops } = totals;
  return (
    <Stats>
      <Stat label="Hosts" value={hosts} note={stale === 0 ? `${live} live` : `${live} live, ${stale} stale`} />
      <Stat label="Ports" value={formatCount(`${ports}`)} />
      <Stat label="Received" value={rateText(rx)} note={knownText(rx)} />
      <Stat label="Sent" value={rateText(tx)} note={knownText(tx)} />
      <Stat
        label="Drops"
        value={<span className={drops.sum > 0n ? 'loss' : undefined}>{rateText(drops)}</span>}
        note={knownText(drops)}
      />
    </Stats>
  );
}

function rateText({ sum, known }: FleetSum): string {
  return known === 0 ? 'unknown' : formatPacketRate(sum);
}

function knownText({ known, unknown }: FleetSum): string {
  if (known === 0) return 'no host knows';
  return unknown === 0 ? 'last slot, all hosts' : `last slot, ${unknown} of ${known + unknown} hosts unknown`;
}

function useHistories(hosts: readonly Host[]): ReadonlyMap<string, History> {
  const kept = useRef<ReadonlyMap<string, History>>(new Map());
  const next = new Map(
    hosts.map((host) => {
      const { rx } = host.packetsPerSecond;
      return [host.host, extendHistory(kept.current.get(host.host) ?? emptyHistory, host.lastSlot, rx)] as const;
    }),
  );
  const changed = [...next].some(([host, history]) => kept.current.get(host) !== history);
  if (changed || next.size !== kept.current.size) kept.current = next;
  return kept.current;
}

function NoHosts() {
  return (
    <Empty title="No hosts yet">
      <p>No collector has sent a tick to this server. On a host that forwards packets, run:</p>
      <pre>
        <code>fournines collector</code>
      </pre>
      <p>
        To see the numbers of this machine at once, run <code>npm start</code>.
      </p>
    </Empty>
  );
}
