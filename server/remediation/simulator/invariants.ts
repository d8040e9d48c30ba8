import { FourninesError } from '../../../core/runtime/error.ts';
import { type Datapath, unplaced } from './datapath.ts';
import type { HostSpec } from './host-spec.ts';
import type { Act, ShiftOf } from './policy.ts';
import { moveLimits } from './window.ts';

const cooldownSeconds = 120;
const noReturnSeconds = 1_800;
/** Undoing is no act of its own. */
const hourMost = 6;
const dayMost = 20;

/** What must hold in every second, checked by nobody's word but the host's own. The first thing that does not hold ends the run. */
export class Invariants {
  readonly #spec: HostSpec;
  readonly #datapath: Datapath;
  readonly #where: string;
  readonly #movedAt: Float64Array;
  readonly #acts: { readonly second: number; readonly shifts: readonly ShiftOf[] }[] = [];
  #pending: Act | undefined;
  #actedAt = Number.NEGATIVE_INFINITY;
  checks = 0;

  constructor(spec: HostSpec, datapath: Datapath, where: string) {
    this.#spec = spec;
    this.#datapath = datapath;
    this.#where = where;
    this.#movedAt = new Float64Array(spec.queues.length).fill(Number.NEGATIVE_INFINITY);
  }

  /** Every packet is somewhere, every queue that is there is polled, and what an operator pinned is where it was pinned. */
  second(second: number, isThere: Uint8Array): void {
    const { rings, place } = this.#datapath;
    for (let queue = 0; queue < place.length; queue++) {
      this.checks++;
      if (!rings.isBalanced(queue)) this.#fail(second, `queue ${queue}: its packets do not add up`);
      if ((isThere[queue] === 1) !== (place[queue] !== unplaced)) this.#fail(second, `queue ${queue} is not polled`);
      const pin = this.#spec.queues[queue]?.pin ?? null;
      if (pin !== null && isThere[queue] === 1 && place[queue] !== pin)
        this.#fail(second, `queue ${queue} is not where its operator pinned it`);
    }
  }

  /** At most one act is under way, and none is begun on a thread that others take time from. */
  begun(second: number, act: Act): void {
    if (this.#pending !== undefined) this.#fail(second, 'two acts at once');
    this.#pending = act;
    if (act.kind !== 'move' || act.isRollback) return;
    const { stolenPpm } = this.#datapath;
    for (const pmd of act.shifts.flatMap(({ from, to }) => [from, to]))
      if ((stolenPpm[pmd] ?? 0) > moveLimits.stolenMaxPpm) this.#fail(second, `a move while thread ${pmd} is starved`);
  }

  ended(): void {
    this.#pending = undefined;
  }

  /** Exactly the queues that were planned have moved, to where they were to go, and no sooner than they may. */
  acted(second: number, act: Act, before: Int32Array): void {
    if (act.kind !== 'move') return;
    const { place } = this.#datapath;
    const { queueHoldMs } = moveLimits;
    const most = Math.min(
      moveLimits.maxMoves,
      Math.max(1, Math.floor(before.filter((at) => at !== unplaced).length / 4)),
    );
    if (act.shifts.length === 0 || act.shifts.length > most) this.#fail(second, `${act.shifts.length} moves`);
    if (act.isRollback) this.#undone(second, act.shifts);
    else this.#begins(second);
    const planned = new Map(act.shifts.map(({ queue, to }) => [queue, to]));
    for (const [queue, is] of place.entries()) {
      if (is !== (planned.get(queue) ?? before[queue]))
        this.#fail(second, `queue ${queue} moved, or did not, unplanned`);
    }
    for (const shift of act.shifts) {
      const { queue, to } = shift;
      if (this.#spec.pmds[to]?.numa !== this.#spec.queues[queue]?.numa)
        this.#fail(second, `queue ${queue} left its node`);
      const held = (second - (this.#movedAt[queue] ?? 0)) * 1_000;
      if (!act.isRollback && held < queueHoldMs) this.#fail(second, `queue ${queue} moved again too soon`);
      if (!act.isRollback && this.#isReturn(second, shift)) this.#fail(second, `queue ${queue} went back where it was`);
      this.#movedAt[queue] = second;
    }
    if (!act.isRollback) this.#acts.push({ second, shifts: act.shifts });
    this.#actedAt = second;
  }

  /** No sooner after the last one, and no more often. */
  #begins(second: number): void {
    if (second - this.#actedAt < cooldownSeconds) this.#fail(second, 'an act within the cooldown');
    const within = (seconds: number) => this.#acts.filter((act) => second - act.second < seconds).length;
    if (within(3_600) >= hourMost || within(86_400) >= dayMost) this.#fail(second, 'an act too many');
  }

  /** Whether it is there that one of the last half hour took it away. */
  #isReturn(second: number, { queue, to }: ShiftOf): boolean {
    return this.#acts.some(
      (act) =>
        second - act.second < noReturnSeconds && act.shifts.some((shift) => shift.queue === queue && shift.from === to),
    );
  }

  /** Exactly what the last act moved goes back, as far as it is still there. */
  #undone(second: number, shifts: readonly ShiftOf[]): void {
    const last = new Map(this.#acts.at(-1)?.shifts.map(({ queue, from }) => [queue, from]));
    for (const { queue, to } of shifts)
      if (last.get(queue) !== to) this.#fail(second, `queue ${queue} was undone to where it was not`);
    for (const [queue, from] of last) {
      const is = this.#datapath.place[queue] ?? unplaced;
      if (is !== unplaced && is !== from) this.#fail(second, `queue ${queue} was not undone`);
    }
  }

  #fail(second: number, what: string): never {
    throw new FourninesError('FN_INTERNAL', `${this.#where}, second ${second}: ${what}`);
  }
}
