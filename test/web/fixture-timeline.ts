import type { LossBurst, PortBursts } from '../../server/api/schema/bursts.ts';
import type { ExplainedRow, Explanation } from '../../server/api/schema/explain.ts';
import type { PortTimeline } from '../../server/api/schema/timeline.ts';
import { type Burst, burstsOf, isSevere } from '../../server/sli/bursts.ts';
import { lossStretches } from '../../server/sli/loss-stretches.ts';
import {
  causesAt,
  dropsAt,
  intervalsOf,
  type Path,
  packetsAt,
  pathsOf,
  type Scenario,
  stateAt,
  tellsWhole,
} from './fixture-numbers.ts';
import { portSeries } from './fixture-series.ts';
import { instant, type Span, total, windowOf } from './fixture-span.ts';

/** The timeline of a port and the reasons of its losses, over the numbers of the fixture. */

const size = 1_024;
const owners = ['provider', 'tenant', 'contract', 'unknown'] as const;
type Owned = Record<(typeof owners)[number], number>;

/** Guests that somebody named; of the others nobody knows. */
const guests: Readonly<Record<string, string>> = { 'vhu3a91c0de-1f': 'acme-fw-1', 'vhu7be2044a-90': 'beta-upf-2' };

export function portTimeline(
  scenario: Scenario,
  host: string,
  port: string,
  span: Span,
  queue: string | null,
): PortTimeline {
  const series = portSeries(scenario, host, port, span);
  const paths = pathsOf(scenario).filter((path) => path.host === host && path.port === port);
  const guest = guests[port] ?? null;
  const { at, stepSeconds } = series;
  const isThere = scenario !== 'empty' && paths.length > 0;
  const steps = at.map((slot) => ({ slot, isKnown: stateAt(scenario, slot) === 'observed' }));
  const told = (value: (slot: number) => number) =>
    steps.map(({ slot, isKnown }) => (isKnown ? `${Math.floor(value(slot))}` : null));
  const isGuest = isThere && port.startsWith('vhu') && guest !== null;
  return {
    ...series,
    guest: isThere ? guest : null,
    paths: paths.map((path) => pathOf(scenario, path, span)),
    owned: paths.flatMap((path) => ownedOf(scenario, path, span)),
    rings: isGuest ? paths.map((path) => ringsOf(path, { steps, stepSeconds, queue })) : [],
    stalls: isGuest
      ? [
          stallsOf('guest', told, (slot) =>
            ringFullMs(slot) > 0 ? ringFullMs(slot) * 1.2e6 : 40_000 + (slot % 7) * 9_000,
          ),
          stallsOf('pmd', told, (slot) => (slot % 61 === 3 ? 14_000_000 : 12_000)),
        ]
      : [],
    pmds: isGuest
      ? [3, 5].map((core, i) => ({
          ...{ datapath: 'netdev@ovs-netdev', core, queues: [i] },
          busyPpm: told((slot) => 610_000 + 240_000 * i + ((Math.floor(slot / 5) * 7) % 11) * 9_000),
        }))
      : [],
  };
}

/** A ring runs full where the fixture loses packets to it: the longer, the more. */
function ringFullMs(slot: number): number {
  return slot % 97 < 7 ? (7 - (slot % 97)) * 60 : 0;
}

interface Steps {
  readonly steps: readonly { readonly slot: number; readonly isKnown: boolean }[];
  readonly stepSeconds: number;
  readonly queue: string | null;
}

/** Bursts of the fixture's losses, by the functions of the server. */
export function portBursts(scenario: Scenario, host: string, port: string, span: Span): PortBursts {
  const paths = pathsOf(scenario).filter((path) => path.host === host && path.port === port);
  const rows = (path: Path) =>
    Array.from({ length: span.to - span.from }, (_, i) => span.from + i).map((slot) => {
      const lost = BigInt(dropsAt(path, slot));
      const offered = BigInt(packetsAt(path, slot)) + lost;
      return { slot, slots: 1, isKnown: stateAt(scenario, slot) === 'observed', offered, lost };
    });
  const isGuest = guests[port] !== undefined;
  return {
    ...{ host, port, window: windowOf(span), more: false },
    directions: paths.map((path) => {
      const { bursts, time } = burstsOf(lossStretches(rows(path), span));
      return {
        direction: path.direction,
        bursts: bursts.map((burst) => aBurst(burst, span)),
        unplaced: '0',
        lossySeconds: { least: Number(time.high.bad), most: Number(time.low.bad), of: Number(time.high.total) },
      };
    }),
    full: isGuest && scenario !== 'empty' ? fullOf(scenario, span) : [],
  };
}

function aBurst(burst: Burst, { from }: Span): LossBurst {
  const share = ({ num, den }: Burst['peak']) => ({ lost: `${num}`, offered: `${den}` });
  return {
    ...{ from: instant(from + burst.from), to: instant(from + burst.from + burst.slots), seconds: burst.slots },
    ...{ secondsMax: burst.slotsMax, unknownSeconds: burst.unknown, lost: `${burst.drops}` },
    ...{ peak: share(burst.peak), mean: share(burst.mean), sinceSeconds: burst.distance?.slots ?? null },
    ...{ sinceIsCertain: burst.distance?.isCertain ?? true, severe: isSevere(burst) },
  };
}

function fullOf(scenario: Scenario, { from, to }: Span): PortBursts['full'] {
  const found: PortBursts['full'] = [];
  for (let slot = from; slot < to; slot += 1) {
    const length = ringFullMs(slot);
    if (length === 0 || stateAt(scenario, slot) !== 'observed') continue;
    const at = (ms: number) => `${BigInt(slot) * 1_000_000_000n + BigInt(ms) * 1_000_000n}`;
    found.push({
      ...{ direction: 'toGuest', queues: [0], earliestNs: at(99), fromNs: at(100) },
      ...{
        toNs: at(99 + length),
        latestNs: at(101 + length),
        lost: { low: '0', high: slot % 2 === 0 ? `${length}` : null },
      },
    });
  }
  return found;
}

function ringsOf({ direction }: Path, { steps, stepSeconds, queue }: Steps): PortTimeline['rings'][number] {
  const rings = queue === null ? 2 : 1;
  const full = (slot: number) => (direction === 'toGuest' ? ringFullMs(slot) : slot % 61 === 3 ? 9 : 0);
  const fill = (slot: number) => {
    const wave = 2 + Math.round(1.6 * Math.sin(slot / 23) + 1.2 * Math.sin(slot / 5));
    const fills = Array<number>(10).fill(0);
    fills[9] = full(slot) * rings;
    const rest = 1_000 * rings - (fills[9] ?? 0);
    for (const [row, share] of [
      [wave, 0.55],
      [wave + 1, 0.25],
      [wave - 1, 0.15],
      [wave + 2, 0.005],
    ] as const) {
      const i = Math.min(8, Math.max(0, row));
      fills[i] = (fills[i] ?? 0) + Math.floor(rest * share);
    }
    fills[0] = 1_000 * rings - total(fills.slice(1));
    return fills;
  };
  const value = <T>(none: T, one: (slot: number) => T) =>
    steps.map(({ slot, isKnown }) => (isKnown ? one(slot) : none));
  return {
    ...{ direction, queues: [0, 1], size },
    known: value(0, (slot) => (slot % 83 === 11 ? rings - 1 || 1 : rings) * stepSeconds),
    missed: value(0, (slot) => (slot % 40 === 0 ? 3 : 0)),
    fills: value<number[] | null>(null, fill),
    fullNs: value<string | null>(null, (slot) => `${full(slot) * 1_000_000}`),
    runNs: value<string | null>(null, (slot) => `${Math.floor(full(slot) / 2) * 1_000_000}`),
  };
}

type Told = (value: (slot: number) => number) => (string | null)[];

function stallsOf(of: 'guest' | 'pmd', told: Told, ns: (slot: number) => number): PortTimeline['stalls'][number] {
  const thread = { pid: 41_200, tid: of === 'guest' ? 41_210 : 41_214 };
  return {
    of,
    threads: [
      {
        ...thread,
        owner: of === 'guest' ? 'acme-fw-1' : 'ovs-vswitchd',
        name: of === 'guest' ? 'CPU 0/KVM' : 'pmd-c03/id:9',
      },
    ],
    lowNs: told((slot) => ns(slot) * 0.6),
    // In one second of each hundred a thread was not sampled: no upper bound.
    highNs: told(ns).map((value, i) => (i % 100 === 47 ? null : value)),
  };
}

function pathOf(scenario: Scenario, { direction }: Path, { from, to }: Span): PortTimeline['paths'][number] {
  const slots = { expected: to - from, observed: 0, bridged: 0, unknown: 0, suspect: 0 };
  for (let slot = from; slot < to; slot += 1) slots[stateAt(scenario, slot)] += 1;
  return { direction, slots, pending: direction === 'toGuest' ? '40' : '0', unexplained: '0' };
}

/** By rule of thumb: a full ring is mostly the provider's, a policer the contract's. */
export function split(cause: string, packets: number): Owned {
  const none = { provider: 0, tenant: 0, contract: 0, unknown: 0 };
  if (cause === 'policer') return { ...none, contract: packets };
  if (cause !== 'vhost_ring_full' && cause !== 'nic_ring_full') return { ...none, unknown: packets };
  const provider = Math.floor(packets * 0.6);
  const tenant = Math.floor(packets * 0.25);
  return { ...none, provider, tenant, unknown: packets - provider - tenant };
}

/** Rows of drops of a path: over the seconds they are told for. */
function rowsOf(scenario: Scenario, path: Path, { from, to }: Span) {
  if (tellsWhole(path)) {
    return intervalsOf(scenario, path, { from, to }).flatMap((interval) =>
      interval.causes.map((cause) => ({ from: interval.from, to: interval.to, ...cause })),
    );
  }
  const rows: { from: number; to: number; cause: string; packets: number }[] = [];
  for (let slot = from; slot < to; slot += 1) {
    if (stateAt(scenario, slot) !== 'observed' || dropsAt(path, slot) === 0) continue;
    for (const cause of causesAt(path, slot)) if (cause.packets > 0) rows.push({ from: slot, to: slot + 1, ...cause });
  }
  return rows;
}

function ownedOf(scenario: Scenario, path: Path, span: Span): PortTimeline['owned'] {
  const { direction } = path;
  const rows = Map.groupBy(rowsOf(scenario, path, span), ({ from, to }) => `${from} ${to}`);
  return [...rows.values()].map((own) => {
    const sums = own.map(({ cause, packets }) => split(cause, packets));
    const sum = (owner: (typeof owners)[number]) => `${total(sums.map((each) => each[owner]))}`;
    const { from = 0, to = 0 } = own[0] ?? {};
    return {
      ...{ direction, from: instant(from), to: instant(to) },
      ...{ provider: sum('provider'), tenant: sum('tenant'), contract: sum('contract'), unknown: sum('unknown') },
    };
  });
}

export function explanation(scenario: Scenario, host: string, port: string, span: Span): Explanation {
  const paths = pathsOf(scenario).filter((path) => path.host === host && path.port === port);
  const guests = paths.filter(({ direction }) => direction === 'toGuest');
  const around = { from: span.from - 5, to: span.to + 5 };
  const items = paths.flatMap((path) =>
    rowsOf(scenario, path, around)
      .filter(({ from, to }) => from < span.to && to > span.from)
      .map((row) => explained(path, row)),
  );
  const sum = (owner: (typeof owners)[number]) => `${total(items.map(({ told }) => Number(told?.owners[owner] ?? 0)))}`;
  return {
    ...{ host, port, window: windowOf(span) },
    packets: { provider: sum('provider'), tenant: sum('tenant'), contract: sum('contract'), unknown: sum('unknown') },
    paths: scenario === 'empty' ? [] : paths.map((path) => ({ ...pathOf(scenario, path, span), pending: '0' })),
    furtherUp: guests.map(() => ({ uplink: 'bond0', packets: '25', unknownSeconds: 0, estimate: '9' })),
    items,
    beside: guests.map((path) => ({
      ...explained(path, { ...span, cause: 'vhost_down', packets: 31 }),
      ...{ datapath: 'netdev@ovs-netdev', ports: [port] },
    })),
  };
}

function explained(
  { direction }: Path,
  row: { from: number; to: number; cause: string; packets: number },
): ExplainedRow {
  const { cause, packets } = row;
  const owned = split(cause, packets);
  const text = (owner: (typeof owners)[number]) => `${owned[owner]}`;
  const isRing = cause === 'vhost_ring_full';
  return {
    ...{ direction, cause, place: 'outside', from: instant(row.from), to: instant(row.to), packets: `${packets}` },
    counters: isRing ? ['ovs_tx_failure_drops', '-ovs_tx_qos_drops'] : [`tx_${cause}`],
    told: {
      owners: {
        provider: text('provider'),
        tenant: text('tenant'),
        contract: text('contract'),
        unknown: text('unknown'),
      },
      ...{ rule: isRing ? 'ringFull' : 'onPurpose', ruleVersion: 1, missing: isRing ? [] : ['whoseRule'] },
      facts: isRing ? { why: 'stall', stallNs: 14_200_000, tid: 41_210, kind: 'involuntary' } : {},
      story: isRing
        ? 'a stall of 14.200 ms (involuntary, thread 41210 of the guest) met the time in which its ring was full'
        : 'nothing that was read tells whose it is',
    },
    ...{ revision: 1, evidence: 'c'.repeat(64), inputs: {}, replayed: null },
  };
}
