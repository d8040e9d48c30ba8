import type { JointName, LedgerDetail, LedgerEntry, LedgerState } from '../../../../server/api/schema/ledger.ts';
import { formatCount } from '../../format/count.ts';
import { type OwnerName, ownedBy } from '../port/model.ts';

type Drop = LedgerDetail['joints'][number]['drops'][number];

/** One figure of the balance, with the sign before it. */
export interface Term {
  readonly sign: '' | '=' | '+' | '−';
  readonly name: string;
  /** null: not known. */
  readonly packets: bigint | null;
  readonly kind: 'flow' | 'loss' | 'left';
}

/** in = out + dropped at ports + dropped inside + taken by the switch - copies + left over. */
export function balanceTerms(entry: LedgerEntry): Term[] {
  const known = entry.state !== 'unknown';
  const term = (sign: Term['sign'], name: string, packets: string | null, kind: Term['kind'] = 'flow'): Term => ({
    sign,
    name,
    packets: known && packets !== null ? BigInt(packets) : null,
    kind,
  });
  return [
    term('', 'in', entry.in),
    term('=', 'out', entry.out),
    term('+', 'dropped at ports', entry.portDrops, 'loss'),
    term('+', 'dropped inside', `${insideTotal(entry)}`, 'loss'),
    term('+', 'taken by the switch', entry.consumed),
    term('−', 'copies', entry.copies),
    term('+', 'left over', entry.residual, 'left'),
  ];
}

export function insideTotal({ insideDrops }: LedgerEntry): bigint {
  return insideDrops.reduce((sum, { packets }) => sum + BigInt(packets), 0n);
}

/** Whether something is told for stretches of some seconds alone: it is in the balance and not in its steps. */
export function isToldLater(entry: LedgerEntry): boolean {
  return insideTotal(entry) > 0n || (entry.copies ?? '0') !== '0' || (entry.consumed ?? '0') !== '0';
}

/** The verdict with what it means and what to do about it. */
export interface StateView {
  readonly name: string;
  readonly meaning: string;
  readonly advice: string;
}

const names: Record<LedgerState, string> = {
  balanced: 'balanced',
  withinBound: 'within its bound',
  unexplained: 'unexplained',
  unsettled: 'not settled yet',
  unknown: 'unknown',
};

/** `toldTo`: up to when drops inside and copies have been told, in words. */
export function stateView(entry: LedgerEntry, toldTo: string): StateView {
  return { name: names[entry.state], ...sentences(entry, toldTo) };
}

function sentences(entry: LedgerEntry, toldTo: string): { meaning: string; advice: string } {
  const bound = formatCount(entry.bound);
  switch (entry.state) {
    case 'balanced':
      return {
        meaning: 'Every packet that came in went out or was lost at a place that counted it.',
        advice: 'Nothing to do.',
      };
    case 'withinBound':
      return {
        meaning: `${leftOver(entry)}: no more than the ${bound} that can be on their way when a window begins and ends.`,
        advice: 'Nothing to do; over a window that ends after the traffic has stopped it is 0.',
      };
    case 'unexplained':
      return {
        meaning: `${leftOver(entry)}: ${beyond(entry)} more than can be on their way.`,
        advice: 'See in the chart below when it came about, and what the ports and polling threads of that time did.',
      };
    case 'unsettled':
      return {
        meaning: `${leftOver(entry)}. Drops inside and copies have been told up to ${toldTo} only; they may still account for it.`,
        advice: 'Wait ten seconds, or look at a window that ends earlier.',
      };
    case 'unknown':
      return {
        meaning: 'No second of this window is known: neither balanced nor not.',
        advice: 'Choose another range, or see Sources for what failed.',
      };
  }
}

/** More may go out than came in: copies that nobody told. */
function leftOver({ residual }: LedgerEntry): string {
  const packets = BigInt(residual);
  if (packets < 0n) return `${formatCount(-packets)} more packets went out or were lost than came in`;
  return `${formatCount(packets)} packets came in and are in no other sum`;
}

function beyond({ residual, bound, copiesUncertain }: LedgerEntry): string {
  const packets = BigInt(residual);
  const allowed = BigInt(bound) + BigInt(copiesUncertain ?? '0');
  const rest = (packets < 0n ? -packets : packets) - allowed;
  return formatCount(rest > 0n ? rest : 0n);
}

/** A place on a packet's way, as the picture shows it. */
export interface JointView {
  readonly joint: JointName;
  readonly title: string;
  readonly place: string;
  /** null: nothing counts them, or nothing is known. */
  readonly passed: bigint | null;
  /** null: nothing is known, which is not zero. */
  readonly lost: bigint | null;
  /** Whose they are, the owners that have some; what nobody gave to anybody is unknown. */
  readonly owners: readonly { readonly owner: OwnerName; readonly packets: bigint }[];
  readonly drops: readonly Drop[];
  /** The causes that took most, over all ports. */
  readonly largest: readonly { readonly cause: string; readonly packets: bigint }[];
  /** Causes besides those. */
  readonly others: number;
}

const places: Record<JointName, { readonly title: string; readonly place: string }> = {
  wire: { title: 'Wire', place: 'cable and NIC' },
  rxq: { title: 'Rxq', place: 'receive queue' },
  pmd: { title: 'PMD', place: 'polling thread' },
  port: { title: 'Port', place: 'limits of a port' },
  ring: { title: 'Ring', place: "guest's or NIC's ring" },
  unknown: { title: 'Place unknown', place: 'no cause tells where' },
};
const onTheWay: readonly JointName[] = ['wire', 'rxq', 'pmd', 'port', 'ring'];
const largestMax = 3;

/** The joints in the order of the way; losses without a place stand last, and only where there are some. */
export function jointViews({ entry, joints }: LedgerDetail): JointView[] {
  const known = entry.state !== 'unknown';
  const view = (joint: JointName): JointView => {
    const found = joints.find((item) => item.joint === joint);
    const causes = known ? causeSums(found?.drops ?? []) : [];
    return {
      joint,
      ...places[joint],
      passed: known && found !== undefined && found.passed !== null ? BigInt(found.passed) : null,
      lost: known && found !== undefined ? BigInt(found.lost) : null,
      owners: known && found !== undefined ? ownedBy(found.owners) : [],
      drops: known ? (found?.drops ?? []) : [],
      largest: causes.slice(0, largestMax),
      others: Math.max(0, causes.length - largestMax),
    };
  };
  const placeless = view('unknown');
  return [...onTheWay.map(view), ...((placeless.lost ?? 0n) > 0n ? [placeless] : [])];
}

function causeSums(drops: readonly Drop[]): { cause: string; packets: bigint }[] {
  const sums = new Map<string, bigint>();
  for (const { cause, packets } of drops) sums.set(cause, (sums.get(cause) ?? 0n) + BigInt(packets));
  return [...sums]
    .map(([cause, packets]) => ({ cause, packets }))
    .filter(({ packets }) => packets > 0n)
    .sort((a, b) => (a.packets === b.packets ? a.cause.localeCompare(b.cause) : a.packets < b.packets ? 1 : -1));
}

/** A polling thread, and how many queues it serves. */
export interface PmdRow {
  readonly pmd: LedgerDetail['pmds'][number];
  readonly queues: number;
}

export function pmdRows({ pmds, queues }: LedgerDetail): PmdRow[] {
  return pmds.map((pmd) => ({ pmd, queues: queues.filter(({ core }) => core === pmd.core).length }));
}

/**
 * TSC cycles a received packet, rounded down; null: one of the two is not told, or nothing was received. Rounds without a
 * packet are in it unless the program counts the cycles on packets by themselves.
 */
export function cyclesAPacket({ usedCycles, busyCycles, rxPackets }: LedgerDetail['pmds'][number]): bigint | null {
  const cycles = busyCycles ?? usedCycles;
  if (cycles === null || rxPackets === null || rxPackets === '0') return null;
  return BigInt(cycles) / BigInt(rxPackets);
}
