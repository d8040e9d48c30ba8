import type { LedgerDetail, LedgerEntry, LedgerPage, LedgerState } from '../../server/api/schema/ledger.ts';
import { type Scenario, type SlotState, stateAt } from './fixture-numbers.ts';
import { stepsOf } from './fixture-series.ts';
import { instant, type Span, total, windowOf } from './fixture-span.ts';
import { split } from './fixture-timeline.ts';

/**
 * The ledger of two datapaths that do not exist. The first balances over every window of a multiple of ten seconds;
 * the second loses 40 packets a second for half a minute in each five, and nobody saw 12 seconds of it.
 */
interface Numbers {
  readonly in: number;
  readonly ring: number;
  readonly policed: number;
  readonly policy: number;
  readonly upcallLost: number;
  readonly copies: number;
  readonly consumed: number;
  /** Came in and is in no other sum. */
  readonly left: number;
  /** Lost before the datapath took them in. */
  readonly missed: number;
  readonly damaged: number;
  /** Lost at a port for no reason that anyone counted. */
  readonly placeless: number;
}

interface Datapath {
  readonly name: string;
  readonly at: (slot: number) => Numbers;
  readonly state: (scenario: Scenario, slot: number) => SlotState;
}

const leak = { first: 200, slots: 30, packets: 40 };
const ledgerGap = { first: 100, slots: 12 };
const holdPackets = 64;
const settleSeconds = 5;

/** Packets between two counters at the end of a slot: none each ten seconds. */
function onTheWay(slot: number): number {
  return [0, 3, 11, 24, 9, 17, 30, 5, 2, 8][slot % 10] ?? 0;
}

function nothing(slot: number): Numbers {
  return {
    in: 0,
    ring: 0,
    policed: 0,
    policy: 0,
    upcallLost: 0,
    copies: 0,
    consumed: 0,
    left: onTheWay(slot) - onTheWay(slot - 1),
    missed: 0,
    damaged: 0,
    placeless: 0,
  };
}

const datapaths: readonly Datapath[] = [
  {
    name: 'netdev@ovs-netdev',
    at: (slot) => ({
      ...nothing(slot),
      in: 245_788 + Math.floor(9_000 * Math.sin(slot / 31)),
      ring: slot % 97 < 7 ? (7 - (slot % 97)) * 2_107 : 0,
      policed: 120 + (slot % 9),
      policy: 15,
      upcallLost: slot % 60 === 0 ? 3 : 0,
      copies: 4,
      consumed: 1,
      missed: slot % 97 < 3 ? 410 : 0,
      damaged: slot % 150 === 0 ? 1 : 0,
    }),
    state: stateAt,
  },
  {
    name: 'netdev@edge',
    at: (slot) => ({
      ...nothing(slot),
      in: 91_006 + Math.floor(4_000 * Math.sin(slot / 17)),
      placeless: slot % 61 === 0 ? 7 : 0,
      left: nothing(slot).left + (slot % 300 >= leak.first && slot % 300 < leak.first + leak.slots ? leak.packets : 0),
    }),
    state: (scenario, slot) => {
      const at = slot % 300;
      return at >= ledgerGap.first && at < ledgerGap.first + ledgerGap.slots ? 'unknown' : stateAt(scenario, slot);
    },
  },
];

export function ledgerPage(scenario: Scenario, host: string, span: Span): LedgerPage {
  const found = scenario === 'empty' ? [] : datapaths;
  return {
    window: windowOf(span),
    completeTo: scenario === 'noData' ? null : instant(span.to),
    silent: { count: 0, hosts: [] },
    revision: null,
    items: found.map((datapath) => entryOf(scenario, host, datapath, span)),
    nextCursor: null,
  };
}

export function ledgerDetail(scenario: Scenario, host: string, name: string, span: Span): LedgerDetail | null {
  const datapath = datapaths.find((item) => item.name === name);
  if (datapath === undefined) return null;
  return {
    window: windowOf(span),
    completeTo: scenario === 'noData' ? null : instant(span.to),
    silent: { count: 0, hosts: [] },
    revision: null,
    entry: entryOf(scenario, host, datapath, span),
    joints: jointsOf(scenario, datapath, span),
    ports: portsOf(scenario, datapath, span),
    pmds: datapath === datapaths[0] ? pmds : pmds.slice(0, 1).map((pmd) => ({ ...pmd, busyPpm: null })),
    queues: datapath === datapaths[0] ? queues : queues.slice(3, 4).map((queue) => ({ ...queue, core: 2 })),
    series: seriesOf(scenario, datapath, span),
  };
}

function entryOf(scenario: Scenario, host: string, datapath: Datapath, span: Span): LedgerEntry {
  const slots = { expected: span.to - span.from, observed: 0, bridged: 0, unknown: 0, suspect: 0 };
  for (let slot = span.from; slot < span.to; slot += 1) slots[datapath.state(scenario, slot)] += 1;
  const sum = summing(scenario, datapath, span);
  const residual = sum(({ left }) => left);
  const known = slots.observed + slots.bridged > 0;
  const inside = [
    { cause: 'policy', packets: `${sum(({ policy }) => policy)}` },
    { cause: 'upcall_lost', packets: `${sum(({ upcallLost }) => upcallLost)}` },
  ];
  return {
    host,
    datapath: datapath.name,
    lastSlot: instant(span.to - 1),
    slots,
    ports: 5,
    flows: 1_204,
    in: `${sum((numbers) => numbers.in)}`,
    out: `${sum(outOf)}`,
    portDrops: `${sum(portDropsOf)}`,
    insideDrops: inside.filter(({ packets }) => packets !== '0'),
    copies: known ? `${sum(({ copies }) => copies)}` : null,
    consumed: known ? `${sum(({ consumed }) => consumed)}` : null,
    copiesUncertain: known ? '0' : null,
    residual: `${residual}`,
    residualRaw: `${sum(rawOf)}`,
    bound: known ? `${2 * holdPackets}` : '0',
    settledTo: known ? instant(span.to - settleSeconds) : null,
    state: stateOf(known, residual),
  };
}

function stateOf(known: boolean, residual: number): LedgerState {
  if (!known) return 'unknown';
  if (residual === 0) return 'balanced';
  return Math.abs(residual) <= 2 * holdPackets ? 'withinBound' : 'unexplained';
}

function portDropsOf({ ring, policed, placeless }: Numbers): number {
  return ring + policed + placeless;
}

function rawOf({ policy, upcallLost, consumed, copies, left }: Numbers): number {
  return left + policy + upcallLost + consumed - copies;
}

function outOf(numbers: Numbers): number {
  return numbers.in - portDropsOf(numbers) - rawOf(numbers);
}

function summing(scenario: Scenario, datapath: Datapath, span: Span) {
  return (pick: (numbers: Numbers) => number): number => {
    let sum = 0;
    for (let slot = span.from; slot < span.to; slot += 1) {
      if (datapath.state(scenario, slot) !== 'unknown') sum += pick(datapath.at(slot));
    }
    return sum;
  };
}

type Drop = LedgerDetail['joints'][number]['drops'][number];

function ownedBy(cause: string, packets: number): Drop['owners'] {
  const { provider, tenant, contract, unknown } = split(cause, packets);
  return { provider: `${provider}`, tenant: `${tenant}`, contract: `${contract}`, unknown: `${unknown}` };
}

function sumOwners(drops: readonly Drop[]): Drop['owners'] {
  const sum = (owner: keyof Drop['owners']) => `${total(drops.map(({ owners }) => Number(owners[owner])))}`;
  return { provider: sum('provider'), tenant: sum('tenant'), contract: sum('contract'), unknown: sum('unknown') };
}

function jointsOf(scenario: Scenario, datapath: Datapath, span: Span): LedgerDetail['joints'] {
  const sum = summing(scenario, datapath, span);
  const drop = (port: string, direction: Drop['direction'], cause: string, packets: number): Drop[] =>
    packets === 0 ? [] : [{ port, direction, cause, packets: `${packets}`, owners: ownedBy(cause, packets) }];
  const ring = sum((numbers) => numbers.ring);
  const joint = (name: LedgerDetail['joints'][number]['joint'], passed: number | null, drops: Drop[]) => ({
    joint: name,
    passed: passed === null ? null : `${passed}`,
    lost: `${total(drops.map(({ packets }) => Number(packets)))}`,
    owners: sumOwners(drops),
    drops,
  });
  const came = sum((numbers) => numbers.in);
  const missed = sum((numbers) => numbers.missed);
  return [
    joint('wire', datapath === datapaths[0] ? came + missed : null, [
      ...drop(
        'dpdk0',
        'rx',
        'rx_error',
        sum(({ damaged }) => damaged),
      ),
    ]),
    joint('rxq', came, drop('dpdk0', 'rx', 'nic_ring_full', missed)),
    joint('pmd', came - sum(({ policy, upcallLost }) => policy + upcallLost), [
      ...drop(
        datapath.name,
        'rx',
        'policy',
        sum(({ policy }) => policy),
      ),
      ...drop(
        datapath.name,
        'rx',
        'upcall_lost',
        sum(({ upcallLost }) => upcallLost),
      ),
    ]),
    joint(
      'port',
      sum(outOf) + ring,
      drop(
        'vhu3a91c0de-1f',
        'fromGuest',
        'policer',
        sum(({ policed }) => policed),
      ),
    ),
    joint('ring', sum(outOf), [
      ...drop('vhu3a91c0de-1f', 'toGuest', 'vhost_ring_full', Math.ceil(ring * 0.8)),
      ...drop('vhu7be2044a-90', 'toGuest', 'vhost_ring_full', ring - Math.ceil(ring * 0.8)),
    ]),
    joint(
      'unknown',
      null,
      drop(
        'vhuc0ffee12-07',
        'toGuest',
        'other',
        sum(({ placeless }) => placeless),
      ),
    ),
  ];
}

function portsOf(scenario: Scenario, datapath: Datapath, span: Span): LedgerDetail['ports'] {
  const { slots } = entryOf(scenario, '', datapath, span);
  const sum = summing(scenario, datapath, span);
  const port = (
    name: string,
    type: string,
    direction: Drop['direction'],
    packets: number,
    causes: { cause: string; packets: string }[] = [],
    waiting: { counted?: boolean; pending?: number; unexplained?: number } = {},
  ) => ({
    port: name,
    type,
    direction,
    counted: waiting.counted ?? true,
    slots,
    packets: `${packets}`,
    drops: `${total(causes.map((item) => Number(item.packets))) + (waiting.pending ?? 0) + (waiting.unexplained ?? 0)}`,
    causes,
    pending: `${waiting.pending ?? 0}`,
    unexplained: `${waiting.unexplained ?? 0}`,
  });
  const guest = 'dpdkvhostuserclient';
  const came = sum((numbers) => numbers.in);
  const ring = sum((numbers) => numbers.ring);
  return [
    port('dpdk0', 'dpdk', 'rx', came, [{ cause: 'nic_ring_full', packets: `${sum(({ missed }) => missed)}` }]),
    port('dpdk0', 'dpdk', 'tx', Math.floor(came * 0.4)),
    port('vhu3a91c0de-1f', guest, 'toGuest', Math.floor(came * 0.5), [
      { cause: 'vhost_ring_full', packets: `${ring}` },
    ]),
    port('vhu3a91c0de-1f', guest, 'fromGuest', Math.floor(came * 0.1), [
      { cause: 'policer', packets: `${sum(({ policed }) => policed)}` },
    ]),
    port('vhu7be2044a-90', guest, 'toGuest', Math.floor(came * 0.1), [], {
      pending: scenario === 'noData' ? 0 : 37,
      unexplained: sum(({ placeless }) => placeless),
    }),
    port('ovs:br0', 'internal', 'rx', 214),
    port('vxlan_sys_4789', 'vxlan', 'rx', Math.floor(came * 0.2), [], { counted: false }),
  ];
}

const pmds: LedgerDetail['pmds'] = [
  {
    core: 2,
    numa: 0,
    isolated: false,
    busyPpm: '873421',
    rxPackets: '9007199254740993',
    txPackets: '9007199254611201',
    upcalls: '1204',
    lostUpcalls: '18',
    usedCycles: '2400000000000',
    busyCycles: null,
    sleepUs: '0',
    thread: { knownNs: '900000000000', runNs: '899412000000', runDelayNs: '301200' },
  },
  {
    core: 3,
    numa: 0,
    isolated: true,
    busyPpm: '412007',
    rxPackets: '30118204',
    txPackets: '30118190',
    upcalls: '31',
    lostUpcalls: '0',
    usedCycles: '98201338102',
    busyCycles: '40120338102',
    sleepUs: '12402113',
    thread: { knownNs: '900000000000', runNs: '402118000000', runDelayNs: '9120118000' },
  },
  {
    core: 18,
    numa: 1,
    isolated: false,
    busyPpm: null,
    rxPackets: null,
    txPackets: null,
    upcalls: null,
    lostUpcalls: null,
    usedCycles: null,
    busyCycles: null,
    sleepUs: null,
    thread: null,
  },
];

const queues: LedgerDetail['queues'] = [
  { port: 'dpdk0', queue: 0, core: 2, numa: 0, enabled: true, usagePpm: '510022' },
  { port: 'dpdk0', queue: 1, core: 3, numa: 0, enabled: true, usagePpm: '402110' },
  { port: 'vhu3a91c0de-1f', queue: 0, core: 2, numa: 0, enabled: true, usagePpm: '301877' },
  { port: 'vhu7be2044a-90', queue: 0, core: 18, numa: 1, enabled: true, usagePpm: null },
  { port: 'vhu7be2044a-90', queue: 1, core: 18, numa: 1, enabled: false, usagePpm: '0' },
];

function seriesOf(scenario: Scenario, datapath: Datapath, span: Span): LedgerDetail['series'] {
  const { at, stepSeconds } = stepsOf(span);
  const values = (pick: (numbers: Numbers) => number) =>
    at.map((start) => {
      const slots = Array.from({ length: stepSeconds }, (_, i) => start + i);
      if (slots.some((slot) => datapath.state(scenario, slot) !== 'observed')) return null;
      return `${total(slots.map((slot) => pick(datapath.at(slot))))}`;
    });
  return {
    stepSeconds,
    at,
    in: values((numbers) => numbers.in),
    out: values(outOf),
    portDrops: values(portDropsOf),
    residualRaw: values(rawOf),
    bound: values(() => 0).map((value) => (value === null ? null : `${holdPackets}`)),
  };
}
