import { highestUse, placementOf } from '../planner/placement.ts';
import type { PlanInput } from '../planner/plan-input.ts';
import { unplaced } from './datapath.ts';
import type { Look, ShiftOf } from './policy.ts';
import { moveLimits, queueId } from './window.ts';

const strikesToUndo = 2;

export type EffectVerdict = 'good' | 'ineffective' | 'worse' | 'moot';

/** Whether a change did what it was made for, by readings alone. */
export class EffectTrial {
  readonly #shifts: readonly ShiftOf[];
  readonly #burning: ReadonlySet<string>;
  #strikes = 0;

  /** `burning`: ports that did when it was decided. */
  constructor(shifts: readonly ShiftOf[], burning: readonly string[]) {
    this.#shifts = shifts;
    this.#burning = new Set(burning);
  }

  /**
   * Worse when a port on a touched thread burns that did not before, in two windows in a row, and going back would gain what a plan must
   * gain: load that only grew is no reason. Ineffective when at last what burnt still does. Undefined: not to be told yet.
   */
  next(look: Look, input: PlanInput, isLast: boolean): EffectVerdict | undefined {
    const { place } = look;
    if (this.#shifts.every(({ queue }) => place[queue] === unplaced)) return 'moot';
    const back = this.#shifts.filter(({ queue, to }) => place[queue] === to);
    const isWorse = this.#isWorse(look, input) && back.length > 0;
    this.#strikes = isWorse ? this.#strikes + 1 : 0;
    if (this.#strikes >= strikesToUndo && wouldEase(look.spec, input, back)) return 'worse';
    if (!isLast) return undefined;
    const isHot = input.burning.length > 0 || highestUse(placementOf(input)) >= input.limits.enterPpm;
    return isHot && input.burning.some((port) => this.#burning.has(port)) ? 'ineffective' : 'good';
  }

  #isWorse({ place, spec }: Look, { burning }: PlanInput): boolean {
    const touched = new Set(this.#shifts.flatMap(({ from, to }) => [from, to]));
    return spec.queues.some(({ port }, queue) => {
      const name = spec.ports[port]?.name ?? '';
      return touched.has(place[queue] ?? unplaced) && burning.includes(name) && !this.#burning.has(name);
    });
  }
}

/** Whether the busiest of the touched threads would be as much less busy with the moves undone as a plan must gain. */
function wouldEase(spec: Look['spec'], { rxqs, pmds }: PlanInput, shifts: readonly ShiftOf[]): boolean {
  const coreOf = (place: number) => spec.pmds[place]?.core ?? -1;
  const cores = new Set(shifts.flatMap(({ from, to }) => [coreOf(from), coreOf(to)]));
  const before = new Map(shifts.map(({ queue, from }) => [queueId(spec, queue), coreOf(from)]));
  const highest = (of: (rxq: PlanInput['rxqs'][number]) => number) =>
    Math.max(
      ...pmds
        .filter(({ core }) => cores.has(core))
        .map(({ core }) => rxqs.reduce((sum, rxq) => sum + (of(rxq) === core ? rxq.usagePpm : 0), 0)),
    );
  return highest((rxq) => before.get(rxq.id) ?? rxq.core) + moveLimits.gainPpm <= highest(({ core }) => core);
}
