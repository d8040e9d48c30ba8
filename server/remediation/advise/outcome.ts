import { isoOf } from '../../slo/instant.ts';
import { highestUse, placementOf } from '../planner/placement.ts';
import { inputOf } from '../policy/input-of-readings.ts';
import type { DatapathReadings } from '../policy/readings.ts';
import { reloadSeconds, rxqId, type Telling, validWindows } from '../policy/valid-windows.ts';
import type { Advice } from './advice.ts';

/** What came of advice once somebody had moved its queues. */
export interface Outcome {
  readonly kind: 'outcome';
  readonly host: string;
  readonly datapath: string;
  readonly at: string;
  /** Id of the advice. */
  readonly advice: string;
  readonly movesAdvised: number;
  readonly movesMade: number;
  /** Queues of its input that are elsewhere though no move of it said so. */
  readonly othersMoved: number;
  /** Z of the placement that came about, by the loads of the advice. */
  readonly predictedPpm: number;
  /** Z as it was seen. */
  readonly observedPpm: number;
  /** Observed less predicted. */
  readonly errorPpm: number;
}

/** Windows behind the moves that the observed use is of: half a minute. */
const windowsAfter = 6;

/**
 * What came of advice; undefined: none of its moves was made, or too little is known since. A queue that is gone is no move.
 */
export function outcomeOf(advice: Advice, id: string, readings: DatapathReadings): Outcome | undefined {
  const { input, plan, host, datapath } = advice;
  if (input === null || plan?.decision !== 'plan') return undefined;
  const windows = validWindows(readings);
  const { tellings } = windows;
  const newest = coresOf(tellings.at(-1));
  const made = plan.moves.filter(({ rxq, to }) => newest.get(rxq) === to);
  if (made.length === 0) return undefined;
  const since = tellings.find((telling) => made.every(({ rxq, to }) => coresOf(telling).get(rxq) === to));
  if (since === undefined) return undefined;
  const counted = tellings.filter(({ slot }) => slot >= since.slot + reloadSeconds);
  const after = inputOf(readings, { ...windows, tellings: counted });
  if (counted.length < windowsAfter || !('input' in after)) return undefined;
  const advised = new Map(plan.moves.map(({ rxq, to }) => [rxq, to]));
  const placed = input.rxqs.map((rxq) => ({ ...rxq, movedAt: null, core: newest.get(rxq.id) ?? rxq.core }));
  const cores = new Set(input.pmds.map(({ core }) => core));
  // On a thread that was not there when it was advised: there is nothing to compare.
  if (placed.some(({ core }) => !cores.has(core))) return undefined;
  const predictedPpm = highestUse(placementOf({ pmds: input.pmds, rxqs: placed }));
  const observedPpm = highestUse(placementOf(after.input));
  const others = placed.filter(({ id: rxq, core }, i) => core !== input.rxqs[i]?.core && advised.get(rxq) !== core);
  return {
    ...{ kind: 'outcome', host, datapath, at: isoOf(readings.at), advice: id },
    ...{ movesAdvised: plan.moves.length, movesMade: made.length, othersMoved: others.length },
    ...{ predictedPpm, observedPpm, errorPpm: observedPpm - predictedPpm },
  };
}

function coresOf(telling: Telling | undefined): ReadonlyMap<string, number> {
  return new Map(telling?.queues.map(({ port, queue, core }) => [rxqId(port, queue), core]));
}
