import type { Cause } from '../catalogue/causes.ts';
import type { Direction } from '../catalogue/kind-parts.ts';
import type { DropPlace } from '../catalogue/kinds.ts';

/**
 * What a counter does in the sums: `total` is added; `alias` is the same number as `of`, `part` a share of `of` (both add
 * nothing, but a part in the `less` of its total carries its own cause); `evidence` explains and is no count of lost packets.
 */
export type Role = 'total' | 'alias' | 'part' | 'evidence';

export interface CounterRow {
  /** The counter's own name; `{q}` stands for a queue number, `{n}` for another number (priority, class). */
  readonly counter: string;
  readonly role: Role;
  readonly direction: Direction;
  readonly cause: Cause;
  readonly place: DropPlace;
  /** `device`: the whole card, shared by all its ports and functions; count it once a card. */
  readonly scope: 'port' | 'device';
  readonly of?: string;
  /** Parts that have causes of their own; what is left has `rest`, or the row's own `cause` while a part is missing. */
  readonly less?: readonly string[];
  readonly rest?: Cause;
  /** The parts are read before the total: `rest` may be too high by what was lost between. */
  readonly partsReadFirst?: true;
  /** OVS: the cause is the driver's own for the counter of this name, where the driver is known. */
  readonly byDriver?: true;
  /** OVS: with these drivers the packets are already in another counter. */
  readonly exceptDrivers?: readonly DriverName[];
  /** The driver gives the number modulo 2^32: it falls back when the register has gone round. 64 where absent. */
  readonly widthBits?: 32;
  /** First and first-not-any-more release: of OVS in OVS rows (chosen by), of DPDK elsewhere (for the reader). */
  readonly since?: string;
  readonly until?: string;
  readonly note?: string;
}

export const driverNames = [
  'mlx5',
  'ice',
  'i40e',
  'iavf',
  'ixgbe',
  'ixgbe_x5',
  'bnxt',
  'ena',
  'virtio',
  'vhost',
  'af_xdp',
  'af_packet',
  'tap',
  'null',
  'ring',
  'generic',
] as const;
export type DriverName = (typeof driverNames)[number];

/** Rows of one source of counters, and where in DPDK or OVS they were read. */
export interface RowSet {
  readonly source: string;
  readonly rows: readonly CounterRow[];
}

export interface CounterMap {
  /** Raised with each change of any row, so that stored causes tell which map made them. */
  readonly version: number;
  readonly drivers: Readonly<Record<DriverName, RowSet>>;
  /** By OVSDB `Interface.type`; a type without rows has no drop counters (patch, tunnels). */
  readonly ovsPorts: Readonly<Record<string, RowSet>>;
  /** Process-wide counters of ovs-vswitchd (`coverage/show`). */
  readonly coverage: RowSet;
}

type Extra = Omit<Partial<CounterRow>, 'counter' | 'role' | 'direction' | 'cause' | 'place' | 'of'>;

/** Rows as one line each. */
export function total(
  direction: Direction,
  counter: string,
  cause: Cause,
  place: DropPlace,
  extra: Extra = {},
): CounterRow {
  return { counter, role: 'total', direction, cause, place, scope: 'port', ...extra };
}

export function alias(direction: Direction, counter: string, of: string, cause: Cause, extra: Extra = {}): CounterRow {
  return { counter, role: 'alias', of, direction, cause, place: 'outside', scope: 'port', ...extra };
}

export function part(
  direction: Direction,
  counter: string,
  of: string,
  cause: Cause,
  extra: PartExtra = {},
): CounterRow {
  return { counter, role: 'part', of, direction, cause, place: 'outside', scope: 'port', ...extra };
}

type PartExtra = Extra & { readonly place?: DropPlace };

export function evidence(direction: Direction, counter: string, cause: Cause, extra: Extra = {}): CounterRow {
  return { counter, role: 'evidence', direction, cause, place: 'beside', scope: 'port', ...extra };
}

/** `base` with the rows of `own` in place of those of the same counter. */
export function over(base: readonly CounterRow[], own: readonly CounterRow[]): readonly CounterRow[] {
  const named = new Set(own.map((row) => row.counter));
  return [...base.filter((row) => !named.has(row.counter)), ...own];
}
