import type { EventOf } from '../machine/event.ts';
import type { HostReading } from '../machine/host.ts';
import { defaultSettings } from '../machine/settings.ts';
import { busiest, placementOf } from '../planner/placement.ts';
import type { PlanInput } from '../planner/plan-input.ts';
import type { Diagnosis } from './diagnose.ts';
import { staleSeconds } from './gates.ts';
import { usualLimits } from './input-of-readings.ts';
import type { DatapathReadings, ThreadWindow } from './readings.ts';
import { pairSeconds, type Telling, validWindows } from './valid-windows.ts';
import { windowUse } from './window-use.ts';

/** What the machine is told of a datapath, and what it is answered: made of readings and their diagnosis alone. */

export interface TellWindow {
  /** Of the telling; null: there is none, or none that is of now. */
  readonly slot: number | null;
  readonly reading: EventOf<'reading'>;
}

const { leavePpm } = defaultSettings.limits;
/** So many windows make a suspicion more than that: what was told before them decides nothing any more. */
const windowsTold = 2;

/**
 * The windows that the machine has not been told yet, oldest first: of those that were missed the last calm one alone, which ends
 * what was before it. Where the datapath tells nothing any more that is told, too,
 * once a look: a service may burn all the same.
 */
export function windowsToTell(
  readings: DatapathReadings,
  { input }: Pick<Diagnosis, 'input'>,
  toldSlot: number | null,
): readonly TellWindow[] {
  const { at, burning } = readings;
  const isBurning = burning.length > 0;
  const { tellings } = validWindows(readings);
  const fresh = tellings.filter(({ slot }) => at - slot <= staleSeconds);
  const of = { kind: 'reading', span: 'window', isBurning } as const;
  if (fresh.length === 0) return [{ slot: null, reading: { ...of, isValid: isBurning, maxUsagePpm: null } }];
  const tell = (telling: Telling): TellWindow => {
    const maxUsagePpm = useTold(telling, input, readings);
    return { slot: telling.slot, reading: { ...of, isValid: isBurning || maxUsagePpm !== null, maxUsagePpm } };
  };
  const isUntold = ({ slot }: Telling) => toldSlot === null || slot > toldSlot;
  const missed = tellings.slice(0, -windowsTold).filter((telling) => toldSlot !== null && isUntold(telling));
  const calm = missed
    .map(tell)
    .findLast(({ reading: { maxUsagePpm } }) => maxUsagePpm !== null && maxUsagePpm <= leavePpm);
  return [...(calm === undefined ? [] : [calm]), ...fresh.slice(-windowsTold).filter(isUntold).map(tell)];
}

/**
 * Use of the busiest thread in one window; null: not known. A thread that calls itself full is taken at its word where nobody can
 * say how much of it is whose: that is no calm, and somebody should look.
 */
function useTold(telling: Telling, input: PlanInput | null, { threads }: DatapathReadings): number | null {
  const known = input === null ? undefined : windowUse(telling, input);
  if (known !== undefined) return known;
  const isBeside = ({ to }: ThreadWindow) => to > telling.slot && to <= telling.slot + pairSeconds;
  const full = threads.flatMap(({ busyPpm, ...thread }) => {
    return busyPpm !== null && busyPpm >= usualLimits.enterPpm && isBeside({ ...thread, busyPpm }) ? [busyPpm] : [];
  });
  return full.length === 0 ? null : Math.max(...full);
}

/** The cause, and the first gate with the moves that it holds back: others are news. */
export function diagnosedOf({ diagnosis, gates, input, plan }: Diagnosis): EventOf<'diagnosed'> {
  const placement = input === null ? undefined : placementOf(input);
  const hot = placement === undefined ? undefined : busiest(placement);
  const core = hot === undefined ? undefined : placement?.pmds[hot]?.core;
  const [gate] = gates;
  const isHeld = gate !== undefined && plan?.decision === 'plan';
  const moves = isHeld ? plan.moves.map(({ rxq, to }) => `${rxq}>${to}`) : [];
  return {
    ...{ kind: 'diagnosed', cause: diagnosis, subject: core === undefined ? 'datapath' : `core ${core}` },
    heldBy: isHeld ? `${gate.gate} ${moves.join(' ')}` : null,
  };
}

/** What the planner says; the host as it is stored is no reading of the host, and nothing that acts may rest on it. */
export function plannedOf({ input, plan }: Diagnosis, { at, queues }: DatapathReadings): EventOf<'planned'> {
  if (input === null || plan?.decision !== 'plan')
    return { kind: 'planned', plan: null, reason: plan?.decision === 'none' ? plan.reason : 'noPlan' };
  const newest = queues.reduce((last, { slot }) => Math.max(last, slot), 0);
  const { moves, predicted } = plan;
  return {
    kind: 'planned',
    plan: {
      ...{ id: String(at), moves, predictedMaxUsagePpm: predicted.maxUsagePpm },
      ...{ host: storedHost(input), ageMs: (at - newest) * 1_000 },
    },
    reason: '',
  };
}

function storedHost({ pmds, rxqs }: PlanInput): HostReading {
  return {
    identity: 'as stored',
    queues: rxqs.map(({ id, numa, core, pin }) => ({ id, numa, core, pin })),
    pmds: pmds.map(({ core, numa, stolenPpm }) => ({ core, numa, runDelayPpm: stolenPpm })),
    // Nobody asked the switch: no guard takes this for an answer.
    unixctlMs: Number.MAX_SAFE_INTEGER,
  };
}
