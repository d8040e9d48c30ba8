import type { Direction } from '../../../core/catalogue/kind-parts.ts';
import type { DpctlPort } from './dpctl-show.ts';
import type { InterfaceRow } from './interfaces.ts';

/** A port of a datapath, as both the datapath and the database know it. */
export interface NamedPort {
  /** Its name in rows. */
  readonly name: string;
  readonly read: DpctlPort;
  /** Undefined: the database does not have it, or is away. */
  readonly row: InterfaceRow | undefined;
  /** What is received and sent, as rows say it. */
  readonly rx: Direction;
  readonly tx: Direction;
  /** Port whose numbers already hold these; empty: counts by itself. */
  readonly countedIn: string;
  /** Whether its packets enter or leave the datapath here: those of a tunnel pass another port besides. */
  readonly inLedger: boolean;
}

/** Devices of the kernel: its own counters are read, too, under the device's own name. */
const kernelTypes = new Set(['system', 'internal', 'tap', 'afxdp', 'afxdp-nonpmd']);
const tunnelTypes = new Set([
  'vxlan',
  'geneve',
  'gre',
  'erspan',
  'ip6gre',
  'ip6erspan',
  'gtpu',
  'bareudp',
  'srv6',
  'lisp',
  'stt',
]);

export function isVhost(type: string): boolean {
  return type.startsWith('dpdkvhostuser');
}

/** `datapath`: as `netdev@ovs-netdev`. */
export function namePort(datapath: string, read: DpctlPort, row: InterfaceRow | undefined): NamedPort {
  const isKernels = kernelTypes.has(read.type);
  const isTunnel = tunnelTypes.has(read.type);
  return {
    // A port that receives and sends as NICs do may have the name of one, which counts under its own: rows must not meet.
    name: isVhost(read.type) ? read.name : `ovs:${read.name}`,
    read,
    row,
    rx: isVhost(read.type) ? 'fromGuest' : 'rx',
    tx: isVhost(read.type) ? 'toGuest' : 'tx',
    countedIn: isKernels ? read.name : isTunnel ? datapath : '',
    inLedger: !isTunnel,
  };
}

/** Datapaths in user space; the ports of the kernel's own are read where the kernel counts them. */
export function isUserSpace(datapath: string): boolean {
  return /^(netdev|dummy)@/.test(datapath);
}
