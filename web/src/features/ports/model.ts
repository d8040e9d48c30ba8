import type { Coverage } from '../../../../server/api/schema/common.ts';
import type { PortSums } from '../../../../server/api/schema/ports.ts';
import type { PortTick } from '../../live/live.ts';

/** A port and direction: its window, and its last slot. */
export interface PortRow {
  readonly key: string;
  readonly sums: PortSums;
  /** null: nothing came by the stream yet. */
  readonly now: Now | null;
}

/** The last slot. A value is null where it is not known, which is not zero. */
export interface Now {
  readonly packets: bigint | null;
  readonly bytes: bigint | null;
  readonly drops: bigint | null;
}

/** null: nothing came yet. */
export type NowFor = (host: string, port: string, direction: string) => Now | null;

export const nothingKnown: Now = { packets: null, bytes: null, drops: null };

export function portRows(items: readonly PortSums[], nowFor: NowFor): PortRow[] {
  return items.map((sums) => ({
    key: `${sums.host} ${sums.port} ${sums.direction}`,
    sums,
    now: nowFor(sums.host, sums.port, sums.direction),
  }));
}

/** Of a bridged row only a sum over many slots is known: nothing about this second. */
export function nowOf(tick: PortTick | undefined): Now | null {
  if (tick === undefined) return null;
  if (tick.state !== 'observed' || tick.suspect) return nothingKnown;
  return { packets: toBigint(tick.packets), bytes: toBigint(tick.bytes), drops: toBigint(tick.drops) };
}

/** All words must be found, in any order, in host, port, direction or the port it is counted in. */
export function filterPorts(items: readonly PortSums[], filter: string): readonly PortSums[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  return items.filter(({ host, port, direction, countedIn }) => {
    const text = `${host} ${port} ${direction} ${countedIn}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Whether sums say anything: a window without a known slot has sums of 0 that mean nothing. */
export function isKnown({ observed, bridged }: Coverage): boolean {
  return observed + bridged > 0;
}

/** Packets that count once: ports whose numbers another port already holds are left out. */
function ownSums(items: readonly PortSums[]): readonly PortSums[] {
  return items.filter(({ countedIn }) => countedIn === '');
}

export interface WindowTotals {
  readonly known: number;
  readonly unknownPaths: number;
  readonly offered: bigint;
  readonly delivered: bigint;
  readonly drops: bigint;
  readonly pending: bigint;
  readonly unexplained: bigint;
  readonly slots: Coverage;
}

export function windowTotals(items: readonly PortSums[]): WindowTotals {
  const own = ownSums(items);
  const known = own.filter(({ slots }) => isKnown(slots));
  const sum = (pick: (sums: PortSums) => string) => known.reduce((total, item) => total + BigInt(pick(item)), 0n);
  const add = (pick: (slots: Coverage) => number) => own.reduce((total, { slots }) => total + pick(slots), 0);
  return {
    known: known.length,
    unknownPaths: own.length - known.length,
    offered: sum(({ offered }) => offered),
    delivered: sum(({ delivered }) => delivered),
    drops: sum(({ drops }) => drops),
    pending: sum(({ pending }) => pending),
    unexplained: sum(({ unexplained }) => unexplained),
    slots: {
      expected: add(({ expected }) => expected),
      observed: add(({ observed }) => observed),
      bridged: add(({ bridged }) => bridged),
      unknown: add(({ unknown }) => unknown),
      suspect: add(({ suspect }) => suspect),
    },
  };
}

const directionNames: Record<string, string> = {
  rx: 'rx',
  tx: 'tx',
  toGuest: 'to guest',
  fromGuest: 'from guest',
};

export function directionName(direction: string): string {
  return directionNames[direction] ?? direction;
}

function toBigint(value: string | null): bigint | null {
  return value === null ? null : BigInt(value);
}
