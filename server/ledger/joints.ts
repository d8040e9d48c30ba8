import type { Cause } from '../../core/catalogue/causes.ts';
import type { Direction } from '../../core/catalogue/kind-parts.ts';
import type { JointName } from '../api/schema/ledger.ts';
import type { OwnedPackets } from '../attribution/evidence.ts';

/** The joints in the order in which a packet passes them. */
const jointOrder: readonly JointName[] = ['wire', 'rxq', 'pmd', 'port', 'ring', 'unknown'];

/** Where a packet was when it was lost for this cause; null: it was no loss. A cause without a line does not compile. */
const jointOfCause: Readonly<Record<Cause, JointName | null>> = {
  nic_fifo: 'wire',
  rx_error: 'wire',
  tx_error: 'wire',
  checksum: 'wire',
  cloud_limit: 'wire',
  nic_ring_full: 'rxq',
  no_mbuf: 'rxq',
  upcall_lost: 'pmd',
  policy: 'pmd',
  tunnel: 'pmd',
  hw_offload: 'pmd',
  policer: 'port',
  shaper: 'port',
  mtu: 'port',
  host_stack: 'port',
  qdisc_full: 'port',
  vhost_ring_full: 'ring',
  vhost_down: 'ring',
  tx_ring_full: 'ring',
  pending: 'unknown',
  other: 'unknown',
  filtered: null,
};

/** The joint of a stored cause; one that this version does not know is lost at an unknown place. */
export function jointOf(cause: string): JointName | null {
  const known = Object.hasOwn(jointOfCause, cause);
  return known ? jointOfCause[cause as Cause] : 'unknown';
}

export interface CausePackets {
  readonly cause: string;
  readonly packets: bigint;
}

/** A port and direction of a datapath over a window. */
export interface JointPort {
  readonly port: string;
  readonly type: string;
  readonly direction: Direction;
  /** Whether it is in the sums of the ledger; what is not passes another port, where it is counted. */
  readonly counted: boolean;
  /** Any slot of the window is known. */
  readonly known: boolean;
  /** Passed by the port's own count. */
  readonly packets: bigint;
  readonly offered: bigint;
  readonly delivered: bigint;
  /** All places but `filtered`. */
  readonly causes: readonly (CausePackets & { readonly place: string })[];
  readonly pending: bigint;
  readonly unexplained: bigint;
}

interface JointDrop extends CausePackets {
  readonly port: string;
  readonly direction: Direction;
  readonly owners: OwnedPackets;
}

/** What rules said of the lost packets of a port, direction, cause and place over the window; the rest is unknown. */
export type SaidOwners = Pick<OwnedPackets, 'provider' | 'tenant' | 'contract'>;
export type Blame = (of: {
  readonly port: string;
  readonly direction: Direction;
  readonly cause: string;
  readonly place: string;
}) => SaidOwners | undefined;

export interface JointSums {
  readonly joint: JointName;
  /** Null: no port of the datapath counts it. */
  readonly passed: bigint | null;
  readonly lost: bigint;
  /** Of `lost`; unknown is what nobody gave to anybody. */
  readonly owners: OwnedPackets;
  /** Most packets first. */
  readonly drops: readonly JointDrop[];
}

/** Ports with a wire and receive queues of their own; a guest's packets come in by its ring, straight to the pmd. */
export const wiredTypes: ReadonlySet<string> = new Set(['dpdk', 'afxdp', 'afxdp-nonpmd', 'system']);

const isOutgoing = ({ direction }: JointPort) => direction === 'tx' || direction === 'toGuest';

/**
 * The way of packets through a datapath as joints, with what was lost at each. Drops without a cause are lost at
 * `unknown`, pending ones under that cause, told ones under `unexplained`. Each loss has its owners, as `blame` knows them.
 *
 * Passed the wire and the receive queues: of ports with a wire. Passed the pmd: what was offered to ports. Passed the port: that,
 * less what the port itself refused. Passed the ring: what ports sent.
 */
export function jointsOf(
  ports: readonly JointPort[],
  inside: readonly CausePackets[],
  { datapath, blame }: { readonly datapath: string; readonly blame: Blame },
): readonly JointSums[] {
  const counted = ports.filter((port) => port.counted);
  const drops = counted.flatMap((port) => dropsOf(port, blame));
  for (const { cause, packets } of inside) {
    const of = { port: datapath, direction: 'rx', cause } as const;
    drops.push({ ...of, packets, owners: ownersOf(packets, blame({ ...of, place: 'beside' })) });
  }
  const byJoint = Map.groupBy(
    drops.filter(({ packets }) => packets > 0n),
    ({ cause }) => (cause === 'unexplained' ? 'unknown' : jointOf(cause)),
  );
  const passed = passedOf(counted);
  return jointOrder.map((joint) => {
    const lost = byJoint.get(joint) ?? [];
    const owned = (owner: keyof OwnedPackets) => sumOf(lost, ({ owners }) => owners[owner]);
    return {
      joint,
      passed: passed[joint],
      lost: sumOf(lost, ({ packets }) => packets),
      owners: {
        provider: owned('provider'),
        tenant: owned('tenant'),
        contract: owned('contract'),
        unknown: owned('unknown'),
      },
      drops: lost.sort(mostFirst),
    };
  });
}

function dropsOf({ port, direction, causes, pending, unexplained }: JointPort, blame: Blame): JointDrop[] {
  const told = causes.map(({ cause, place, packets }) => {
    const owners = ownersOf(packets, blame({ port, direction, cause, place }));
    return { port, direction, cause, packets, owners };
  });
  const untold = [
    { cause: 'pending', packets: pending },
    { cause: 'unexplained', packets: unexplained },
  ];
  return [...told, ...untold.map((rest) => ({ port, direction, ...rest, owners: ownersOf(rest.packets, undefined) }))];
}

/**
 * Whose the packets of a sum are. More said than there are: the sum and what was said of it are not of the same rows (some came late
 * and have not been attributed anew), and all of it is unknown.
 */
function ownersOf(packets: bigint, said: SaidOwners | undefined): OwnedPackets {
  const { provider = 0n, tenant = 0n, contract = 0n } = said ?? {};
  const unknown = packets - provider - tenant - contract;
  if (unknown < 0n) return { provider: 0n, tenant: 0n, contract: 0n, unknown: packets };
  return { provider, tenant, contract, unknown };
}

function passedOf(ports: readonly JointPort[]): Readonly<Record<JointName, bigint | null>> {
  const known = ports.filter((port) => port.known);
  const wired = known.filter((port) => !isOutgoing(port) && wiredTypes.has(port.type));
  const outgoing = known.filter(isOutgoing);
  const ofWired = (value: (port: JointPort) => bigint) => (wired.length === 0 ? null : sumOf(wired, value));
  const ofOutgoing = (value: (port: JointPort) => bigint) => (outgoing.length === 0 ? null : sumOf(outgoing, value));
  return {
    wire: ofWired((port) => port.packets + lostAt(port, 'rxq', (place) => place === 'outside')),
    rxq: ofWired((port) => port.packets),
    pmd: ofOutgoing((port) => port.offered),
    port: ofOutgoing((port) => port.delivered + lostAt(port, 'ring', () => true)),
    ring: ofOutgoing((port) => port.delivered),
    unknown: null,
  };
}

function lostAt({ causes }: JointPort, joint: JointName, at: (place: string) => boolean): bigint {
  return sumOf(causes, ({ cause, place, packets }) => (jointOf(cause) === joint && at(place) ? packets : 0n));
}

function sumOf<T>(items: readonly T[], value: (item: T) => bigint): bigint {
  return items.reduce((sum, item) => sum + value(item), 0n);
}

function mostFirst(a: JointDrop, b: JointDrop): number {
  if (a.packets !== b.packets) return a.packets > b.packets ? -1 : 1;
  return a.port < b.port ? -1 : Number(a.port > b.port);
}
