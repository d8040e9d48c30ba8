import type { Host } from '../../../../server/api/schema/hosts.ts';

/** A sum over hosts, with how many of them could not say. Never a zero for silence. */
export interface FleetSum {
  readonly sum: bigint;
  readonly known: number;
  readonly unknown: number;
}

export interface FleetTotals {
  readonly hosts: number;
  readonly live: number;
  readonly stale: number;
  readonly ports: number;
  readonly rx: FleetSum;
  readonly tx: FleetSum;
  readonly drops: FleetSum;
}

/** A stale host is unknown: its last number is not what happens now. */
export function fleetTotals(hosts: readonly Host[]): FleetTotals {
  const live = hosts.filter(({ state }) => state === 'live').length;
  return {
    hosts: hosts.length,
    live,
    stale: hosts.length - live,
    ports: hosts.reduce((sum, { ports }) => sum + ports, 0),
    rx: sumOf(hosts, ({ packetsPerSecond }) => packetsPerSecond.rx),
    tx: sumOf(hosts, ({ packetsPerSecond }) => packetsPerSecond.tx),
    drops: sumOf(hosts, ({ dropsPerSecond }) => dropsPerSecond),
  };
}

export function filterHosts(hosts: readonly Host[], filter: string): Host[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return hosts.filter(({ host, state, bootId }) => {
    const text = `${host} ${state} ${bootId}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The youngest values of a host, for its small picture. */
export interface History {
  readonly slots: readonly number[];
  readonly rx: readonly (number | null)[];
}

const historyLength = 90;

/** Adds what was seen at a slot; a slot seen twice is one, and slots not seen between stay a gap. */
export function extendHistory(history: History, lastSlot: string, rx: string | null): History {
  const slot = Date.parse(lastSlot) / 1_000;
  const last = history.slots.at(-1);
  if (last !== undefined && slot <= last) return history;
  const value = rx === null ? null : Number(rx);
  // Looks are two seconds apart: up to three without a look is the pace, more is a hole.
  const hole = last !== undefined && slot - last > 4 ? [null] : [];
  return {
    slots: [...history.slots, ...hole.map(() => slot - 1), slot].slice(-historyLength),
    rx: [...history.rx, ...hole, value].slice(-historyLength),
  };
}

export const emptyHistory: History = { slots: [], rx: [] };

function sumOf(hosts: readonly Host[], pick: (host: Host) => string | null): FleetSum {
  let sum = 0n;
  let known = 0;
  for (const host of hosts) {
    const value = host.state === 'live' ? pick(host) : null;
    if (value === null) continue;
    sum += BigInt(value);
    known += 1;
  }
  return { sum, known, unknown: hosts.length - known };
}
