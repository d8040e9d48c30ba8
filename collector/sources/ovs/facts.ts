import type { Accumulator } from '../../accumulator.ts';
import type { VswitchSnapshot } from './interfaces.ts';
import type { NamedPort } from './named-port.ts';

const portFacts = [
  'datapath',
  'type',
  'ledger',
  'portId',
  'vmId',
  'mac',
  'mtu',
  'admin',
  'link',
  'numa',
  'driver',
  'socket',
  'error',
  'affinity',
] as const;

type PortFact = (typeof portFacts)[number];

/** A port that is gone: its facts are no longer there, which is told once. */
export function forgetPortFacts(name: string, into: Accumulator): void {
  for (const fact of portFacts) into.fact(`port.${name}.${fact}`, '', 'ovsdb');
}

/**
 * Whether ports are set up, and whether their guests are connected: asked for each second, so that a loss can be laid beside
 * it. The collector writes each on change only.
 */
export function writePortStates(ports: readonly NamedPort[], into: Accumulator): void {
  for (const { name, row } of ports) {
    // Without the database nothing is said anew: what was said before stands.
    if (row === undefined) continue;
    into.fact(`port.${name}.admin`, row.adminState ?? '', 'ovsdb');
    into.fact(`port.${name}.link`, row.linkState ?? '', 'ovsdb');
  }
}

/** Facts of the ports of one datapath; the collector writes each on change only. */
export function writePortFacts(datapath: string, ports: readonly NamedPort[], into: Accumulator): void {
  for (const { name, read, row, inLedger } of ports) {
    const fact = (what: PortFact, value: string | undefined, witness = 'ovsdb') =>
      into.fact(`port.${name}.${what}`, value ?? '', witness);
    fact('datapath', datapath, 'dpctl/show');
    fact('type', read.type, 'dpctl/show');
    fact('ledger', inLedger ? 'yes' : 'no', 'dpctl/show');
    // Without the database nothing is said anew: what was said before stands.
    if (row === undefined) continue;
    fact('portId', row.externalIds.get('iface-id'));
    fact('vmId', row.externalIds.get('vm-uuid'));
    fact('mac', row.externalIds.get('attached-mac') ?? row.macInUse);
    fact('mtu', row.mtu?.toString());
    // A card's has the one name, a guest's the other.
    fact('numa', row.status.get('numa_id') ?? row.status.get('numa'));
    fact('driver', row.status.get('driver_name'));
    fact('socket', row.status.get('socket') ?? row.options.get('vhost-server-path'));
    fact('error', row.error);
    fact('affinity', row.otherConfig.get('pmd-rxq-affinity'));
  }
}

export interface DaemonFacts {
  readonly pid: number;
  /** Undefined: it did not say. */
  readonly version: string | undefined;
  /** Whether it may be asked for the counters of ports each second. */
  readonly isLive: boolean;
  readonly snapshot: VswitchSnapshot | undefined;
  /** Whether the database is connected: without it the snapshot is what it said last. */
  readonly isHeard: boolean;
}

export function writeDaemonFacts({ pid, version, isLive, snapshot, isHeard }: DaemonFacts, into: Accumulator): void {
  into.fact('ovs.pid', String(pid), 'run folder');
  into.fact('ovs.portCounters', isLive ? 'dpctl/show' : 'ovsdb', 'collector');
  if (version !== undefined) into.fact('ovs.version', version, 'version');
  const root = snapshot?.root;
  // A setting without a fact is at its default only while they are read: else what was said before may no longer hold.
  into.fact('ovs.settings', root !== undefined && isHeard ? 'read' : 'unread', 'collector');
  if (root === undefined) return;
  into.fact('ovs.dpdkVersion', root.dpdkVersion ?? '', 'ovsdb');
  // Empty would be no fact: whoever wrote nothing there is asked what it means, and until then it is not on.
  into.fact('ovs.remediation', root.remediation === '' ? 'empty' : root.remediation, 'ovsdb');
  for (const key of [
    'pmd-cpu-mask',
    'pmd-rxq-assign',
    'pmd-rxq-isolate',
    'pmd-auto-lb',
    'pmd-sleep-max',
    'pmd-maxsleep',
  ])
    into.fact(`ovs.${key}`, root.otherConfig.get(key) ?? '', 'ovsdb');
}
