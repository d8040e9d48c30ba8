import type { PlanInput } from '../planner/plan-input.ts';
import { planBounds } from '../planner/plan-input.ts';
import { overheadPpm, unplaced } from './datapath.ts';
import type { Look } from './policy.ts';

export const moveLimits: PlanInput['limits'] = {
  ...{ maxMoves: 2, enterPpm: 900_000, acceptPpm: 850_000, settlePpm: 800_000, gainPpm: 100_000 },
  ...{ vmSharePpm: 250_000, stolenMaxPpm: 1_000, queueHoldMs: 600_000 },
};
/** From a reload on, what its thread says is not taken for what is. */
const blindSeconds = 10;
/** A port burns when it loses more than one packet in so many, of at least so many. */
const burnsOneIn = 1_000;
const packetsLeast = 10;

/** The interval that has just passed, as a plan is made from it; undefined: something that it takes was not measured. */
export class Windows {
  readonly #movedAt = new Map<number, number>();
  #offered = new Float64Array();
  #dropped = new Float64Array();
  #reloadAt = -blindSeconds;

  next(look: Look): PlanInput | undefined {
    const before = { offered: this.#offered, dropped: this.#dropped };
    this.#offered = look.packets.offered.slice();
    this.#dropped = look.packets.dropped.slice();
    return this.#isValid(look) && before.offered.length > 0 ? inputOf(look, before, this.#movedAt) : undefined;
  }

  moved(queue: number, second: number): void {
    this.#movedAt.set(queue, second);
  }

  reloaded(second: number): void {
    this.#reloadAt = second;
  }

  #isValid({ second, readings, queuesOf }: Look): boolean {
    if (second - this.#reloadAt < blindSeconds) return false;
    return queuesOf.every((queues, pmd) => queues.length === 0 || readings.hasInterval(pmd));
  }
}

export function queueId({ ports, queues }: Look['spec'], index: number): string {
  const { port = -1, queue = -1 } = queues[index] ?? {};
  return `${ports[port]?.name}/${queue}`;
}

/**
 * The input of a plan from readings alone. A percentage that was cut off stands for the middle of what it may have been; what
 * others took is in it and is taken out; and what a full ring lost would have been work, too.
 */
function inputOf(
  { second, spec, readings, place, stolenPpm, packets }: Look,
  before: { readonly offered: Float64Array; readonly dropped: Float64Array },
  movedAt: ReadonlyMap<number, number>,
): PlanInput {
  const at = second * 1_000;
  const sums = spec.ports.map(() => ({ offered: 0, dropped: 0 }));
  const rxqs = spec.queues.flatMap((queue, index) => {
    const pmd = place[index] ?? unplaced;
    if (pmd === unplaced) return [];
    const offered = (packets.offered[index] ?? 0) - (before.offered[index] ?? 0);
    const dropped = (packets.dropped[index] ?? 0) - (before.dropped[index] ?? 0);
    const sum = sums[queue.port];
    if (sum !== undefined) {
      sum.offered += offered;
      sum.dropped += dropped;
    }
    const seen = offered === 0 ? 0 : readings.usagePercent(index) * 10_000 + 5_000;
    const own = Math.floor((seen * (1_000_000 - (stolenPpm[pmd] ?? 0))) / 1_000_000);
    const taken = Math.max(1, offered - dropped);
    const moved = movedAt.get(index);
    return [
      {
        ...{ id: queueId(spec, index), port: spec.ports[queue.port]?.name ?? '', queue: queue.queue, numa: queue.numa },
        core: spec.pmds[pmd]?.core ?? -1,
        usagePpm: Math.min(planBounds.usagePpm, Math.floor((own * (taken + dropped)) / taken)),
        pps: Math.floor(offered / 5),
        pin: queue.pin === null ? null : ('operator' as const),
        ...{ vm: queue.vm, group: queue.group },
        movedAt: moved === undefined ? null : moved * 1_000,
      },
    ];
  });
  const burning = spec.ports.flatMap(({ name }, port) => {
    const { offered = 0, dropped = 0 } = sums[port] ?? {};
    return offered >= packetsLeast && dropped * burnsOneIn > offered ? [name] : [];
  });
  const pmds = spec.pmds.map(({ core, numa }, pmd) => ({ core, numa, overheadPpm, stolenPpm: stolenPpm[pmd] ?? 0 }));
  return { at, pmds, rxqs, limits: moveLimits, burning, frozen: false };
}
