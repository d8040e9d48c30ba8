import { FourninesError } from '../../../core/runtime/error.ts';
import { type Datapath, unplaced } from './datapath.ts';
import type { HostSpec } from './host-spec.ts';
import { cooldownSeconds, moveLimits } from './move-policy.ts';
import type { Act } from './policy.ts';

/** What must hold in every second, checked by nobody's word but the host's own. The first thing that does not hold ends the run. */
export class Invariants {
  readonly #spec: HostSpec;
  readonly #datapath: Datapath;
  readonly #where: string;
  readonly #movedAt: Float64Array;
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

  /** At most one act is under way. */
  begun(second: number, act: Act): void {
    if (this.#pending !== undefined) this.#fail(second, 'two acts at once');
    this.#pending = act;
  }

  ended(): void {
    this.#pending = undefined;
  }

  /** Exactly the queues that were planned have moved, to where they were to go, and no sooner than they may. */
  acted(second: number, act: Act, before: Int32Array): void {
    if (act.kind !== 'move') return;
    const { place } = this.#datapath;
    const { maxMoves, queueHoldMs } = moveLimits;
    if (act.shifts.length === 0 || act.shifts.length > maxMoves) this.#fail(second, `${act.shifts.length} moves`);
    if (!act.isRollback && second - this.#actedAt < cooldownSeconds) this.#fail(second, 'an act within the cooldown');
    const planned = new Map(act.shifts.map(({ queue, to }) => [queue, to]));
    for (const [queue, is] of place.entries()) {
      if (is !== (planned.get(queue) ?? before[queue]))
        this.#fail(second, `queue ${queue} moved, or did not, unplanned`);
    }
    for (const { queue, to } of act.shifts) {
      if (this.#spec.pmds[to]?.numa !== this.#spec.queues[queue]?.numa)
        this.#fail(second, `queue ${queue} left its node`);
      const held = (second - (this.#movedAt[queue] ?? 0)) * 1_000;
      if (!act.isRollback && held < queueHoldMs) this.#fail(second, `queue ${queue} moved again too soon`);
      this.#movedAt[queue] = second;
    }
    this.#actedAt = second;
  }

  #fail(second: number, what: string): never {
    throw new FourninesError('FN_INTERNAL', `${this.#where}, second ${second}: ${what}`);
  }
}
