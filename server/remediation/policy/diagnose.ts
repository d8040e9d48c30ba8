import { busiest, type Placement, placementOf } from '../planner/placement.ts';
import { type Plan, plan } from '../planner/plan.ts';
import type { PlanInput, PlanLimits } from '../planner/plan-input.ts';
import { type Gate, gatesOf } from './gates.ts';
import { isHotTwice } from './hot-twice.ts';
import { inputOf, usualLimits } from './input-of-readings.ts';
import type { DatapathReadings } from './readings.ts';
import { stolenFrom } from './stolen.ts';
import { validWindows } from './valid-windows.ts';

/** What is wrong with a datapath; `calm`: nothing that is to be seen here. */
export const diagnosisNames = ['calm', 'overload', 'theft', 'elephant', 'hostFull', 'upstream', 'unknown'] as const;
export type DiagnosisName = (typeof diagnosisNames)[number];

export interface Diagnosis {
  readonly diagnosis: DiagnosisName;
  /** What it was seen by, in words with numbers. */
  readonly because: readonly string[];
  readonly gates: readonly Gate[];
  /** What no plan can be made without; empty: there is an input. */
  readonly lacks: readonly string[];
  readonly input: PlanInput | null;
  /** What the planner says; null: there is no input, or moving queues is no answer to what is wrong. */
  readonly plan: Plan | null;
}

interface Judged {
  readonly diagnosis: DiagnosisName;
  readonly because: readonly string[];
}

interface Seen {
  readonly readings: DatapathReadings;
  readonly input: PlanInput;
  readonly placement: Placement;
  readonly planned: Plan;
  /** The busiest thread was above the limit in the last two windows, one by one; undefined: one of them does not count. */
  readonly isHot: boolean | undefined;
  readonly isCommon: boolean;
}

/** What is wrong, and whether moving queues is the answer to it. The same readings give the same diagnosis. */
export function diagnose(readings: DatapathReadings, limits: PlanLimits = usualLimits): Diagnosis {
  const windows = validWindows(readings);
  const gates = gatesOf(readings, windows);
  const made = inputOf(readings, windows, limits);
  if ('lacks' in made) {
    const because = [`not known: ${listed(made.lacks)}`, ...burns(readings)];
    return { diagnosis: 'unknown', because, gates, lacks: made.lacks, input: null, plan: null };
  }
  const { input } = made;
  // What is wrong is wrong whether or not somebody wants it left alone.
  const planned = plan({ ...input, frozen: false });
  const isHot = isHotTwice(windows, input);
  const isCommon = gates.some(({ gate }) => gate === 'commonCause');
  const judged = judge({ readings, input, placement: placementOf(input), planned, isHot, isCommon });
  const told = input.frozen ? plan(input) : planned;
  const lacks = isHot === undefined ? ['two windows in a row that count'] : [];
  return { ...judged, gates, lacks, input, plan: isAnswered(judged.diagnosis, planned) ? told : null };
}

function judge(seen: Seen): Judged {
  const { readings, input, planned, isHot, isCommon } = seen;
  const isBurning = readings.burning.length > 0;
  const because = [...hottest(seen), ...(isHot === true || isBurning ? untold(seen) : []), ...burns(readings)];
  if (isHot === undefined)
    return { diagnosis: 'unknown', because: ['the last two windows do not both count', ...because] };
  if (isCommon && isBurning)
    return { diagnosis: 'upstream', because: ['services burn on many hosts at once', ...because] };
  const robbed = robbedCores(seen);
  const words = robbed.flatMap((each) => each.because);
  // What is lost may be lost by any thread; that a thread is full, only by what is taken of it.
  if (robbed.some(({ isFull }) => (isHot && isFull) || isBurning))
    return { diagnosis: 'theft', because: [...words, ...because] };
  if (isHot) return { diagnosis: byPlan(planned), because: [...because, ...words] };
  if (!isBurning) return { diagnosis: 'calm', because: [...words, ...because] };
  // It burns, and no thread is full.
  if (readings.burning.every(({ lostPackets }) => lostPackets === 0n))
    return { diagnosis: 'upstream', because: ['nothing was lost at the ports that burn', ...because] };
  const isNear = planned.before.maxUsagePpm >= input.limits.settlePpm;
  return { diagnosis: isNear && isAnswer(planned) ? byPlan(planned) : 'unknown', because };
}

function byPlan(planned: Plan): DiagnosisName {
  if (planned.decision === 'plan') return 'overload';
  switch (planned.reason) {
    case 'elephant':
      return 'elephant';
    case 'hostFull':
      return 'hostFull';
    case 'noAcceptablePlan':
      return 'overload';
    default:
      // Starved, though not surely: whether it is work or theft nobody can say.
      return 'unknown';
  }
}

function isAnswer(planned: Plan): boolean {
  return planned.decision === 'plan' || planned.reason === 'elephant' || planned.reason === 'hostFull';
}

/** Whether the planner's word belongs to the diagnosis: what is cured by no move gets none proposed. */
function isAnswered(diagnosis: DiagnosisName, planned: Plan): boolean {
  if (diagnosis === 'overload' || diagnosis === 'elephant' || diagnosis === 'hostFull') return true;
  return planned.decision === 'none' && (diagnosis === 'calm' || diagnosis === 'theft');
}

interface Robbed {
  readonly isFull: boolean;
  readonly because: readonly string[];
}

/** Threads that somebody surely takes time from, and that have queues to lose by it. */
function robbedCores({ readings, input, placement }: Seen): readonly Robbed[] {
  return input.pmds.flatMap(({ core }, place) => {
    const stolen = stolenFrom(core, readings);
    if (stolen === undefined || placement.queues[place]?.length === 0) return [];
    const { othersPpm, interruptsPpm, hypervisorPpm } = stolen;
    const thieves = [
      ['others', othersPpm],
      ['interrupts', interruptsPpm ?? 0],
      ['the hypervisor', hypervisorPpm],
    ] as const;
    const because = thieves
      .filter(([, lowPpm]) => lowPpm > input.limits.stolenMaxPpm)
      .map(([thief, lowPpm]) => `${thief} took at least ${percent(lowPpm)} of the time of core ${core}`);
    return because.length === 0 ? [] : [{ isFull: (placement.use[place] ?? 0) >= input.limits.enterPpm, because }];
  });
}

/** That what interrupts take of the busiest thread is in its use, where nobody knows how much that is. */
function untold({ readings, input, placement }: Seen): readonly string[] {
  const core = input.pmds[busiest(placement) ?? -1]?.core;
  if (core === undefined || stolenFrom(core, readings)?.interruptsPpm !== null) return [];
  return [`what interrupts take of core ${core} is not told: it shows as use`];
}

function hottest({ placement, input, isHot }: Seen): readonly string[] {
  const place = busiest(placement);
  const use = placement.use[place ?? -1];
  if (place === undefined || use === undefined) return [];
  const core = input.pmds[place]?.core;
  const was = isHot === false && use >= input.limits.enterPpm ? ', but not in each of the last two windows' : '';
  return [`core ${core} is the busiest: ${percent(use)} used by ${placement.queues[place]?.length ?? 0} queues${was}`];
}

function burns({ burning }: DatapathReadings): readonly string[] {
  return burning.map(({ port, lostPackets }) => {
    const lost = lostPackets === null ? 'what it lost is not known' : `it lost ${lostPackets} packets in a minute`;
    return `the service of ${port} burns its budget; ${lost}`;
  });
}

const namedMax = 5;

function listed(names: readonly string[]): string {
  const more = names.length - namedMax;
  return `${names.slice(0, namedMax).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** One decimal, rounded down. */
function percent(ppm: number): string {
  return `${Math.floor(ppm / 10_000)}.${Math.floor((ppm % 10_000) / 1_000)} %`;
}
