import type { HostDetail } from '../../../../server/api/schema/hosts.ts';
import { Stat, Stats } from '../../components/stat.tsx';
import { formatBytes } from '../../format/bytes.ts';
import { formatDurationNs, formatLagMs } from '../../format/duration.ts';
import { formatPacketRate } from '../../format/rate.ts';
import { formatInstant } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { HostState } from '../fleet/host-table.tsx';

export function HostSummary({ detail }: { readonly detail: HostDetail }) {
  const { zone } = useUrl();
  const { host, collector } = detail;
  const rate = (value: string | null) =>
    value === null || host.state === 'stale' ? 'unknown' : formatPacketRate(value);
  const losing = host.state === 'live' && host.dropsPerSecond !== null && host.dropsPerSecond !== '0';
  return (
    <Stats>
      <Stat label="State" value={<HostState host={host} />} note={`boot ${host.bootId.slice(0, 8)}`} />
      <Stat label="Received" value={rate(host.packetsPerSecond.rx)} note="last slot" />
      <Stat label="Sent" value={rate(host.packetsPerSecond.tx)} note="last slot" />
      <Stat
        label="Drops"
        value={<span className={losing ? 'loss' : undefined}>{rate(host.dropsPerSecond)}</span>}
        note="last slot"
      />
      <Stat
        label="Lag"
        value={formatLagMs(host.lagMs)}
        note={`slot ${formatInstant(Date.parse(host.lastSlot), zone).slice(11)}`}
      />
      <Stat
        label="Collector, one gather"
        value={formatDurationNs(collector.gatherNs)}
        note={`CPU ${formatDurationNs(collector.cpuNs)} · ${formatBytes(collector.rssBytes)}${collector.skipped > 0 ? ` · ${collector.skipped} ticks skipped` : ''}`}
      />
    </Stats>
  );
}
