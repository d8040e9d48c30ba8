import { plan } from '../planner/plan.ts';
import type { PlanInput } from '../planner/plan-input.ts';
import { planBounds } from '../planner/plan-input.ts';
import { Damping } from './damping.ts';
import { overheadPpm, unplaced } from './datapath.ts';
import type { Act, Look, Policy, ShiftOf } from './policy.ts';

export const moveLimits: PlanInput['limits'] = {
  ...{ maxMoves: 2, enterPpm: 900_000, acceptPpm: 850_000, settlePpm: 800_000, gainPpm: 100_000 },
  ...{ vmSharePpm: 250_000, stolenMaxPpm: 1_000, queueHoldMs: 600_000 },
};
const hotWindows = 2;
const blindSeconds = 10;
export const cooldownSeconds = 120;
const penaltySeconds = 900;
const verifySeconds = 40;
const strikesToUndo = 2;
/** After a search that found nothing. */
const advisedSeconds = 60;
/** A port burns when it loses more than one packet in so many. */
const burnsOneIn = 1_000;

interface Trial {
  readonly since: number;
  readonly shifts: readonly ShiftOf[];
  readonly burning: ReadonlySet<number>;
  strikes: number;
}

/**
 * Plans of `planner/plan.ts`, entered after two windows, made by freeze and move, watched and undone. It stands in for the machine
 * of states, whose rules it follows as far as a simulated host has them.
 */
export class MovePolicy implements Policy {
  readonly terms = { algorithm: 'group', isolate: false } as const;
  readonly freezes = true;
  readonly #damping = new Damping();
  readonly #movedAt = new Map<number, number>();
  readonly #barred = new Set<string>();
  #offered = new Float64Array();
  #dropped = new Float64Array();
  #reloadAt = -blindSeconds;
  #hot = 0;
  #quietUntil = 0;
  #burning: ReadonlySet<number> = new Set();
  #trial: Trial | undefined;

  look(look: Look): Act | undefined {
    const before = { offered: this.#offered, dropped: this.#dropped };
    const { offered, dropped } = look.packets;
    this.#offered = offered.slice();
    this.#dropped = dropped.slice();
    this.#damping.decay();
    if (!this.#isValid(look) || before.offered.length === 0) {
      this.#hot = 0;
      return undefined;
    }
    const input = inputOf(look, before, this.#movedAt);
    this.#burning = new Set(input.burning.map((port) => look.spec.ports.findIndex(({ name }) => name === port)));
    if (this.#trial !== undefined) return this.#verify(look, input, this.#trial);
    this.#hot = isHot(input) ? this.#hot + 1 : 0;
    if (this.#hot < hotWindows || look.second < this.#quietUntil || !this.#damping.allows(look.second))
      return undefined;
    return this.#plan(look, input);
  }

  settled(act: Act, second: number, isDone: boolean): void {
    if (act.kind !== 'move') return;
    this.#hot = 0;
    if (!isDone) return;
    for (const { queue } of act.shifts) this.#movedAt.set(queue, second);
    this.#damping.acted(second, act.isRollback);
    this.#quietUntil = second + (act.isRollback ? penaltySeconds : cooldownSeconds);
    if (!act.isRollback) this.#trial = { since: second, shifts: act.shifts, burning: this.#burning, strikes: 0 };
  }

  reconfigured(second: number): void {
    this.#reloadAt = second;
  }

  #isValid({ second, readings, queuesOf }: Look): boolean {
    if (second - this.#reloadAt < blindSeconds) return false;
    return queuesOf.every((queues, pmd) => queues.length === 0 || readings.hasInterval(pmd));
  }

  #plan({ spec, second }: Look, input: PlanInput): Act | undefined {
    const found = plan(input);
    const places = new Map(spec.pmds.map(({ core }, place) => [core, place]));
    const indexes = new Map(spec.queues.map((queue, index) => [idOf(spec, queue), index]));
    const shifts =
      found.decision === 'none'
        ? []
        : found.moves.map(({ rxq, from, to }) => ({
            queue: indexes.get(rxq) ?? unplaced,
            from: places.get(from) ?? unplaced,
            to: places.get(to) ?? unplaced,
          }));
    if (shifts.length > 0 && !this.#barred.has(fingerprint(shifts))) return { kind: 'move', shifts, isRollback: false };
    this.#quietUntil = second + advisedSeconds;
    return undefined;
  }

  /**
   * Undone when a port on a touched thread burns that did not before, twice, and going back would gain what a plan must gain: load
   * that only grew is no reason. Kept but left alone when it did not help.
   */
  #verify({ second, place, spec }: Look, input: PlanInput, trial: Trial): Act | undefined {
    const touched = new Set(trial.shifts.flatMap(({ from, to }) => [from, to]));
    const isWorse = spec.queues.some(
      ({ port }, queue) => touched.has(place[queue] ?? unplaced) && this.#burning.has(port) && !trial.burning.has(port),
    );
    const back = trial.shifts.filter(({ queue, to }) => place[queue] === to);
    if (isWorse && back.length > 0 && ++trial.strikes >= strikesToUndo && wouldEase(spec, input, back)) {
      this.#trial = undefined;
      this.#barred.add(fingerprint(trial.shifts));
      const shifts = back.map(({ queue, from, to }) => ({ queue, from: to, to: from }));
      return { kind: 'move', shifts, isRollback: true };
    }
    if (second - trial.since >= verifySeconds) {
      this.#trial = undefined;
      if (isHot(input) && [...trial.burning].some((port) => this.#burning.has(port)))
        this.#quietUntil = trial.since + penaltySeconds;
    }
    return undefined;
  }
}

function fingerprint(shifts: readonly ShiftOf[]): string {
  return shifts.map(({ queue, from, to }) => `${queue}:${from}>${to}`).join(' ');
}

function idOf({ ports }: Look['spec'], { port, queue }: { readonly port: number; readonly queue: number }): string {
  return `${ports[port]?.name}/${queue}`;
}

function isHot({ pmds, rxqs, burning, limits }: PlanInput): boolean {
  return (
    burning.length > 0 ||
    pmds.some(({ core, stolenPpm }) => {
      const load = rxqs.reduce((sum, rxq) => sum + (rxq.core === core ? rxq.usagePpm : 0), 0);
      return load * 1_000_000 >= limits.enterPpm * (1_000_000 - overheadPpm - stolenPpm);
    })
  );
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

function queueId(spec: Look['spec'], index: number): string {
  const queue = spec.queues[index];
  return queue === undefined ? '' : idOf(spec, queue);
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
        ...{ id: idOf(spec, queue), port: spec.ports[queue.port]?.name ?? '', queue: queue.queue, numa: queue.numa },
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
    return offered >= 10 && dropped * burnsOneIn > offered ? [name] : [];
  });
  const pmds = spec.pmds.map(({ core, numa }, pmd) => ({ core, numa, overheadPpm, stolenPpm: stolenPpm[pmd] ?? 0 }));
  return { at, pmds, rxqs, limits: moveLimits, burning, frozen: false };
}
