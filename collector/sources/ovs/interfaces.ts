import type { Replica, Row } from './ovsdb-replica.ts';

/** The columns that are monitored; those this server does not have are left out. */
export const monitoredColumns = {
  Open_vSwitch: ['ovs_version', 'dpdk_version', 'dpdk_initialized', 'other_config', 'external_ids', 'bridges'],
  Bridge: ['name', 'ports', 'datapath_type', 'mirrors'],
  Port: ['name', 'interfaces', 'tag', 'trunks', 'vlan_mode', 'bond_mode', 'bond_active_slave', 'lacp'],
  Interface: [
    'name',
    'type',
    'ofport',
    'external_ids',
    'options',
    'other_config',
    'status',
    'statistics',
    'link_state',
    'admin_state',
    'error',
    'mac_in_use',
    'mtu',
    'ingress_policing_rate',
    'ingress_policing_kpkts_rate',
  ],
  Mirror: [
    'name',
    'statistics',
    'select_all',
    'select_src_port',
    'select_dst_port',
    'select_vlan',
    'output_port',
    'output_vlan',
  ],
} as const;

type Texts = ReadonlyMap<string, string>;
type Counters = ReadonlyMap<string, bigint>;

/** In all rows `undefined` stands for an empty optional value and for a column this version does not have. */
export interface VswitchRow {
  readonly uuid: string;
  /** Written by start scripts, if at all: ask the daemon by `version` instead. */
  readonly ovsVersion: string | undefined;
  readonly dpdkVersion: string | undefined;
  readonly isDpdkInitialized: boolean | undefined;
  readonly otherConfig: Texts;
  /** `external_ids:remediation`; `on`: not set. Of others' keys there nothing is passed on: they may be anybody's. */
  readonly remediation: string;
}

export interface BridgeRow {
  readonly uuid: string;
  readonly name: string;
  readonly datapathType: string;
  readonly ports: readonly string[];
  readonly mirrors: readonly string[];
}

export interface PortRow {
  readonly uuid: string;
  readonly name: string;
  /** More than one makes it a bond. */
  readonly interfaces: readonly string[];
  readonly tag: bigint | undefined;
  readonly trunks: readonly bigint[];
  readonly vlanMode: string | undefined;
  readonly bondMode: string | undefined;
  /** Hardware address of the member that is active, for bonds that have one. */
  readonly bondActiveMember: string | undefined;
  readonly lacp: string | undefined;
}

export interface InterfaceRow {
  readonly uuid: string;
  readonly name: string;
  readonly type: string;
  /** OpenFlow port number; -1 when the interface could not be made. Another number than the datapath's. */
  readonly ofport: bigint | undefined;
  readonly externalIds: Texts;
  readonly options: Texts;
  readonly otherConfig: Texts;
  readonly status: Texts;
  /** As ovs-vswitchd wrote them at its last refresh, every 5 s at best. What a port does not count is absent. */
  readonly statistics: Counters;
  readonly linkState: string | undefined;
  readonly adminState: string | undefined;
  readonly error: string | undefined;
  readonly macInUse: string | undefined;
  readonly mtu: bigint | undefined;
  /** kbit/s; 0: no policer. */
  readonly ingressPolicingRate: bigint | undefined;
  /** Thousand packets a second; 0: no policer. */
  readonly ingressPolicingKpktsRate: bigint | undefined;
}

export interface MirrorRow {
  readonly uuid: string;
  readonly name: string;
  readonly selectAll: boolean;
  readonly selectSrcPorts: readonly string[];
  readonly selectDstPorts: readonly string[];
  readonly selectVlans: readonly bigint[];
  readonly outputPort: string | undefined;
  readonly outputVlan: bigint | undefined;
  readonly statistics: Counters;
}

/** The configuration and statistics of Open vSwitch at one moment; rows by uuid. */
export interface VswitchSnapshot {
  readonly root: VswitchRow | undefined;
  readonly bridges: ReadonlyMap<string, BridgeRow>;
  readonly ports: ReadonlyMap<string, PortRow>;
  readonly interfaces: ReadonlyMap<string, InterfaceRow>;
  readonly mirrors: ReadonlyMap<string, MirrorRow>;
}

/** A replica as typed rows. A row that did not change since an earlier snapshot is the same object. */
export function snapshotOf(replica: Replica): VswitchSnapshot {
  const rows = <T extends object>(table: string, make: (uuid: string, row: Row) => T): Map<string, T> =>
    new Map([...(replica.tables.get(table) ?? [])].map(([uuid, row]) => [uuid, madeOnce(row, () => make(uuid, row))]));
  return {
    root: rows('Open_vSwitch', vswitchRow).values().next().value,
    bridges: rows('Bridge', bridgeRow),
    ports: rows('Port', portRow),
    interfaces: rows('Interface', interfaceRow),
    mirrors: rows('Mirror', mirrorRow),
  };
}

/** Rows of a replica never change, so what was made of one stays right for as long as it lives. */
const made = new WeakMap<Row, object>();

function madeOnce<T extends object>(row: Row, make: () => T): T {
  const before = made.get(row);
  if (before !== undefined) return before as T;
  const now = make();
  made.set(row, now);
  return now;
}

function vswitchRow(uuid: string, row: Row): VswitchRow {
  return {
    uuid,
    ovsVersion: text(row, 'ovs_version'),
    dpdkVersion: text(row, 'dpdk_version'),
    isDpdkInitialized: flag(row, 'dpdk_initialized'),
    otherConfig: texts(row, 'other_config'),
    remediation: texts(row, 'external_ids').get('remediation') ?? 'on',
  };
}

function bridgeRow(uuid: string, row: Row): BridgeRow {
  return {
    uuid,
    name: text(row, 'name') ?? '',
    datapathType: text(row, 'datapath_type') ?? '',
    ports: uuids(row, 'ports'),
    mirrors: uuids(row, 'mirrors'),
  };
}

function portRow(uuid: string, row: Row): PortRow {
  return {
    uuid,
    name: text(row, 'name') ?? '',
    interfaces: uuids(row, 'interfaces'),
    tag: integer(row, 'tag'),
    trunks: integers(row, 'trunks'),
    vlanMode: text(row, 'vlan_mode'),
    bondMode: text(row, 'bond_mode'),
    bondActiveMember: text(row, 'bond_active_slave'),
    lacp: text(row, 'lacp'),
  };
}

function interfaceRow(uuid: string, row: Row): InterfaceRow {
  return {
    uuid,
    name: text(row, 'name') ?? '',
    type: text(row, 'type') ?? '',
    ofport: integer(row, 'ofport'),
    externalIds: texts(row, 'external_ids'),
    options: texts(row, 'options'),
    otherConfig: texts(row, 'other_config'),
    status: texts(row, 'status'),
    statistics: counters(row, 'statistics'),
    linkState: text(row, 'link_state'),
    adminState: text(row, 'admin_state'),
    error: text(row, 'error'),
    macInUse: text(row, 'mac_in_use'),
    mtu: integer(row, 'mtu'),
    ingressPolicingRate: integer(row, 'ingress_policing_rate'),
    ingressPolicingKpktsRate: integer(row, 'ingress_policing_kpkts_rate'),
  };
}

function mirrorRow(uuid: string, row: Row): MirrorRow {
  return {
    uuid,
    name: text(row, 'name') ?? '',
    selectAll: flag(row, 'select_all') ?? false,
    selectSrcPorts: uuids(row, 'select_src_port'),
    selectDstPorts: uuids(row, 'select_dst_port'),
    selectVlans: integers(row, 'select_vlan'),
    outputPort: text(row, 'output_port'),
    outputVlan: integer(row, 'output_vlan'),
    statistics: counters(row, 'statistics'),
  };
}

function atoms(row: Row, column: string): readonly unknown[] {
  const datum = row.get(column);
  return datum?.kind === 'set' ? datum.atoms : [];
}

function text(row: Row, column: string): string | undefined {
  const [atom] = atoms(row, column);
  return typeof atom === 'string' ? atom : undefined;
}

function integer(row: Row, column: string): bigint | undefined {
  return integers(row, column)[0];
}

function flag(row: Row, column: string): boolean | undefined {
  const [atom] = atoms(row, column);
  return typeof atom === 'boolean' ? atom : undefined;
}

function integers(row: Row, column: string): readonly bigint[] {
  return atoms(row, column).filter((atom) => typeof atom === 'bigint');
}

function uuids(row: Row, column: string): readonly string[] {
  return atoms(row, column).filter((atom) => typeof atom === 'string');
}

function texts(row: Row, column: string): Texts {
  const datum = row.get(column);
  return datum?.kind === 'map' ? (datum.entries as Texts) : new Map();
}

function counters(row: Row, column: string): Counters {
  const datum = row.get(column);
  return datum?.kind === 'map' ? (datum.entries as Counters) : new Map();
}
