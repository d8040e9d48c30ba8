import type { DpctlPort, DpctlShow } from './dpctl-show.ts';
import type { VswitchSnapshot } from './interfaces.ts';
import { isHarmedByShow } from './known-faults.ts';
import { isVhost } from './named-port.ts';

/**
 * Whether the daemon may be asked for the counters of ports each second. Some versions keep a reference to each vhost
 * port without a guest whenever they are asked (see known-faults.ts): there the counters come from the database while
 * any guest is away, or while nobody can say. A guest that leaves between its last word and the question costs one.
 */
export function mayAskForCounters(version: string | undefined, snapshot: VswitchSnapshot | undefined): boolean {
  if (!isHarmedByShow(version)) return true;
  if (snapshot === undefined) return false;
  const vhosts = [...snapshot.interfaces.values()].filter(({ type }) => isVhost(type));
  return vhosts.every(({ status }) => status.get('status') === 'connected');
}

/** What was read of ports without their counters, with the counters that the database had of them. */
export function withStatistics(
  show: DpctlShow,
  snapshot: VswitchSnapshot,
  statistics: ReadonlyMap<string, ReadonlyMap<string, bigint>>,
): DpctlShow {
  const uuids = new Map([...snapshot.interfaces.values()].map(({ name, uuid }) => [name, uuid]));
  const counted = (port: DpctlPort): DpctlPort => {
    const of = statistics.get(uuids.get(port.name) ?? '');
    const side = (name: 'rx' | 'tx') => ({
      packets: countOf(of, `${name}_packets`),
      bytes: countOf(of, `${name}_bytes`),
      errors: countOf(of, `${name}_errors`),
      dropped: countOf(of, `${name}_dropped`),
    });
    const [rx, tx] = [side('rx'), side('tx')];
    return { ...port, rx, tx, failure: rx.packets === undefined ? 'no statistics' : undefined };
  };
  return {
    ...show,
    datapaths: show.datapaths.map((datapath) => ({ ...datapath, ports: datapath.ports.map(counted) })),
  };
}

/** -1 is how the daemon writes that a port does not count something. */
function countOf(statistics: ReadonlyMap<string, bigint> | undefined, name: string): bigint | undefined {
  const value = statistics?.get(name);
  return value === undefined || value < 0n ? undefined : value;
}
