import type { AdviceDetail, AdviceItem, DatapathNowPage } from '../../server/api/schema/remediation.ts';
import { predictOvs } from '../../server/remediation/ovs-model/prediction.ts';
import { ovsAlgorithms } from '../../server/remediation/ovs-model/schedule.ts';
import { placementOf } from '../../server/remediation/planner/placement.ts';
import { type Move, type Plan, plan } from '../../server/remediation/planner/plan.ts';
import type { PlanInput } from '../../server/remediation/planner/plan-input.ts';
import { usualLimits } from '../../server/remediation/policy/input-of-readings.ts';
import { hostNames, type Scenario } from './fixture-numbers.ts';

/** Advice on datapaths that do not exist; plans are made by the planner itself, so that certificate and moves agree. */

export const planAdvice = '1'.repeat(32);
export const outcomeAdvice = '2'.repeat(32);
export const fullAdvice = '3'.repeat(32);
export const unknownAdvice = '4'.repeat(32);
export const manyCoresAdvice = '5'.repeat(32);

type Queue = readonly [id: string, core: number, usagePpm: number];

interface Told {
  readonly id: string;
  readonly host: string;
  readonly secondsAgo: number;
  readonly diagnosis: AdviceItem['diagnosis'];
  readonly because: readonly string[];
  readonly gates: AdviceItem['gates'];
  readonly lacks: readonly string[];
  readonly cores: readonly number[];
  readonly queues: readonly Queue[];
  readonly outcome: Omit<NonNullable<AdviceDetail['outcome']>, 'at'> | null;
}

const [first = '', second = '', third = ''] = hostNames;
const datapath = 'netdev@ovs-netdev';
const calm = { gates: [], lacks: [], outcome: null };
const collided: readonly Queue[] = [
  ['bond0/0', 2, 410_000],
  ['vhu3a91c0de-1f/0', 2, 380_000],
  ['vhu7be2044a-90/0', 2, 130_000],
  ['bond0/1', 4, 220_000],
  ['vhuc0ffee12-07/0', 4, 90_000],
  ['bond0/2', 6, 310_000],
  ['vhu7be2044a-90/1', 6, 160_000],
];

const told: readonly Told[] = [
  {
    ...{ ...calm, id: planAdvice, host: first, secondsAgo: 40, diagnosis: 'overload', cores: [2, 4, 6] },
    because: [
      'core 2 is the busiest: 93.8 % used by 3 queues',
      'the service of bond0 burns its budget; it lost 18446 packets in a minute',
    ],
    gates: [{ gate: 'autoLb', detail: 'pmd-auto-lb is on and moves queues by itself' }],
    queues: collided,
  },
  {
    ...{ ...calm, id: fullAdvice, host: second, secondsAgo: 95, diagnosis: 'hostFull', cores: [2, 4] },
    because: ['core 4 is the busiest: 95.9 % used by 2 queues'],
    queues: [
      ['bond0/0', 2, 480_000],
      ['vhu3a91c0de-1f/0', 2, 430_000],
      ['bond0/1', 4, 490_000],
      ['vhu7be2044a-90/0', 4, 450_000],
    ],
  },
  {
    ...{ ...calm, id: unknownAdvice, host: third, secondsAgo: 300, diagnosis: 'unknown', cores: [], queues: [] },
    because: ['not known: 2 windows of bond0/0 that count'],
    gates: [{ gate: 'killSwitch', detail: 'external_ids:remediation of the switch is off' }],
    lacks: ['2 windows of bond0/0 that count'],
  },
  {
    ...{ ...calm, id: manyCoresAdvice, host: second, secondsAgo: 2_400, diagnosis: 'overload' },
    because: ['core 2 is the busiest: 95.9 % used by 2 queues'],
    cores: Array.from({ length: 16 }, (_, i) => 2 * (i + 1)),
    queues: [
      ['hot/0', 2, 620_000],
      ['hot/1', 2, 320_000],
      ...Array.from({ length: 15 }, (_, i): Queue => [`bond0/${i}`, 2 * (i + 2), 100_000 + 30_000 * i]),
    ],
  },
  {
    ...{ ...calm, id: outcomeAdvice, host: first, secondsAgo: 5_200, diagnosis: 'overload', cores: [2, 4, 6] },
    because: ['core 2 is the busiest: 93.8 % used by 3 queues'],
    queues: collided,
    outcome: {
      ...{ movesAdvised: 1, movesMade: 1, othersMoved: 0 },
      ...{ predictedPpm: 642_857, observedPpm: 632_653, errorPpm: -10_204 },
    },
  },
];

const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function inputOf({ cores, queues }: Told): PlanInput {
  return {
    at: 0,
    pmds: cores.map((core, i) => ({ core, numa: 0, overheadPpm: 20_000, stolenPpm: i === 1 ? 800 : 0 })),
    rxqs: queues.map(([id, core, usagePpm]) => ({
      ...{ id, core, usagePpm, numa: 0, pps: null, vm: null, movedAt: null, group: null },
      ...{ port: id.split('/')[0] ?? '', queue: Number(id.split('/')[1]) },
      pin: id === 'bond0/2' ? 'operator' : null,
    })),
    ...{ limits: usualLimits, burning: [], frozen: false },
  };
}

function itemOf(item: Told, nowMs: number, planned: Plan | null): AdviceItem {
  const { id, host, secondsAgo, diagnosis, because, gates, lacks } = item;
  const isPlan = planned?.decision === 'plan';
  return {
    ...{ id, host, datapath, at: iso(nowMs - secondsAgo * 1_000), diagnosis },
    ...{ because: [...because], gates: [...gates], lacks: [...lacks] },
    decision: isPlan ? (gates.length > 0 ? 'held' : 'plan') : 'none',
    reason: planned?.decision === 'none' ? planned.reason : null,
    moves: isPlan ? [...planned.moves] : [],
    beforePpm: planned?.before.maxUsagePpm ?? null,
    predictedPpm: isPlan ? planned.predicted.maxUsagePpm : null,
  };
}

function planOf(item: Told): Plan | null {
  return item.cores.length === 0 ? null : plan(inputOf(item));
}

export function adviceList(scenario: Scenario, nowMs: number): AdviceItem[] {
  if (scenario === 'empty' || scenario === 'many') return [];
  return told.map((item) => itemOf(item, nowMs, planOf(item)));
}

export function adviceDetail(scenario: Scenario, id: string, nowMs: number): AdviceDetail | null {
  const item = told.find((each) => each.id === id);
  if (item === undefined || scenario === 'empty') return null;
  const planned = planOf(item);
  const isPlan = planned?.decision === 'plan';
  const input = item.cores.length === 0 ? null : inputOf(item);
  const { maxMoves, enterPpm, acceptPpm, settlePpm, gainPpm } = usualLimits;
  return {
    ...itemOf(item, nowMs, planned),
    ...{ engine: '0.1.0', resolutionPpm: 10_000, input },
    certificate: isPlan ? planned.certificate : null,
    before: input === null ? [] : threadsOf(input),
    after: input === null || !isPlan ? [] : threadsOf(moved(input, planned.moves)),
    limits: input === null ? null : { maxMoves, enterPpm, acceptPpm, settlePpm, gainPpm },
    peers: input === null ? [] : ovsAlgorithms.map((algorithm) => predictOvs(input, algorithm, false)),
    outcome: item.outcome === null ? null : { at: iso(nowMs - 60_000), ...item.outcome },
    ...{ entry: 1, previous: null, sha256: 'ab'.repeat(32), chain: 'holds' },
  };
}

function moved(input: PlanInput, moves: readonly Move[]): PlanInput {
  const targets = new Map(moves.map(({ rxq, to }) => [rxq, to]));
  return { ...input, rxqs: input.rxqs.map((rxq) => ({ ...rxq, core: targets.get(rxq.id) ?? rxq.core })) };
}

function threadsOf(input: PlanInput): AdviceDetail['before'] {
  const { use } = placementOf(input);
  return input.pmds.map(({ core, numa, overheadPpm, stolenPpm }, place) => ({
    ...{ core, numa, overheadPpm, stolenPpm, usagePpm: use[place] ?? 0 },
    rxqs: input.rxqs
      .filter((rxq) => rxq.core === core)
      .map(({ id, usagePpm, pin }) => ({ id, usagePpm, isPinned: pin !== null })),
  }));
}

export function datapathsNow(scenario: Scenario, nowMs: number): DatapathNowPage['items'] {
  if (scenario === 'empty' || scenario === 'many') return [];
  const newest = hostNames.flatMap((host) => told.find((item) => item.host === host) ?? []);
  return newest.map((item) => {
    const {
      reason: _,
      moves: _moves,
      predictedPpm: _predicted,
      beforePpm,
      id,
      ...now
    } = itemOf(item, nowMs, planOf(item));
    const lost = { diagnosis: 'unknown', decision: 'none', because: ['not known: shares of queues'] } as const;
    const since = iso(nowMs - item.secondsAgo * 1_000);
    const known = {
      ...{ ...now, at: iso(nowMs - 3_000), maxUsagePpm: beforePpm, advice: id },
      ...{ phase: 'advised' as const, since },
    };
    if (scenario !== 'noData') return known;
    return {
      ...known,
      ...lost,
      because: [...lost.because],
      lacks: ['shares of queues'],
      maxUsagePpm: null,
      advice: null,
      phase: null,
      since: null,
    };
  });
}
