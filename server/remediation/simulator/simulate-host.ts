import { ActTrials } from './act-trials.ts';
import { Arrivals } from './arrivals.ts';
import { AutoLbPolicy, NoPolicy } from './auto-lb-policy.ts';
import { Datapath, unplaced } from './datapath.ts';
import { type HostSpec, hostSpec } from './host-spec.ts';
import { Invariants } from './invariants.ts';
import { MachinePolicy } from './machine-policy.ts';
import type { Act, PlannerName, Policy } from './policy.ts';
import { intervalSeconds } from './readings.ts';
import { noScores, PortSeconds, type Scores } from './score.ts';
import { switchPlacement } from './switch-placement.ts';

export interface HostTask {
  readonly seed: number;
  readonly host: number;
  readonly seconds: number;
  readonly planner: PlannerName;
  /** How long a human takes to approve what ours asks for; null: nobody does. */
  readonly approveAfterSeconds: number | null;
}

/** From the end of an interval until what was decided takes effect. */
const actSeconds = 1;

/**
 * One host from the beginning to the end: a pure function of the task. Throws at the first rule that does not hold, whoever breaks
 * it: `policy` stands in for the planner of the task.
 */
export function simulateHost(task: HostTask, policy: Policy = policyOf(task)): Scores {
  const run = new HostRun(task, policy);
  for (let second = 0; second < task.seconds; second++) run.second(second);
  return run.scores();
}

function policyOf({ seed, host, planner, approveAfterSeconds }: HostTask): Policy {
  if (planner === 'none') return new NoPolicy();
  if (planner === 'ours') return new MachinePolicy(`seed ${seed}, host ${host}`, approveAfterSeconds);
  return new AutoLbPolicy(planner === 'auto-lb-group' ? 'group' : 'cycles');
}

class HostRun {
  readonly #spec: HostSpec;
  readonly #policy: Policy;
  readonly #arrivals: Arrivals;
  readonly #datapath: Datapath;
  readonly #invariants: Invariants;
  readonly #ports: PortSeconds;
  readonly #trials: ActTrials;
  readonly #scores = noScores();
  readonly #isThere: Uint8Array;
  /** Of each queue: held where it is, though no operator pinned it. */
  readonly #isFrozen: Uint8Array;
  /** Of each port: which of its presences is the present or the next one. */
  readonly #presence: Uint32Array;
  #pending: { readonly act: Act; readonly at: number } | undefined;

  constructor({ seed, host, seconds, planner }: HostTask, policy: Policy) {
    this.#spec = hostSpec(seed, host, seconds);
    this.#policy = policy;
    const { queues, ports } = this.#spec;
    this.#arrivals = new Arrivals(seed, host, queues);
    this.#datapath = new Datapath(this.#spec);
    this.#invariants = new Invariants(this.#spec, this.#datapath, `seed ${seed}, host ${host}, ${planner}`);
    this.#ports = new PortSeconds(this.#spec, this.#datapath);
    this.#trials = new ActTrials(this.#ports.lost, this.#datapath);
    this.#isThere = new Uint8Array(queues.length);
    this.#isFrozen = new Uint8Array(queues.length);
    this.#presence = new Uint32Array(ports.length);
    this.#comeAndGo(0);
    // All planners begin with the same placement, by the loads that queues have on average.
    const load = (queue: number) => (queues[queue]?.packetsPerSecond ?? 0) * (queues[queue]?.cyclesPerPacket ?? 0);
    this.#datapath.replace(this.#placement({ algorithm: 'group', isolate: false }, load));
    if (policy.freezes) this.#freeze();
  }

  second(second: number): void {
    if (second > 0 && this.#comeAndGo(second)) this.#reconfigure(second);
    if (this.#pending !== undefined && second >= this.#pending.at) this.#act(second, this.#pending.act);
    this.#steal(second);
    this.#arrivals.next(second);
    this.#datapath.second(this.#arrivals);
    this.#invariants.second(second, this.#isThere);
    this.#judge();
    this.#scores.portSeconds += this.#portsThere;
    this.#trials.second(second + 1, this.#scores);
    if ((second + 1) % intervalSeconds === 0) this.#look(second + 1);
  }

  scores(): Scores {
    const { rings } = this.#datapath;
    const sum = (values: Float64Array) => values.reduce((all, each) => all + BigInt(each), 0n);
    return {
      ...this.#scores,
      packetsOffered: sum(rings.offered),
      packetsLost: sum(rings.dropped),
      waitedSteps: BigInt(this.#datapath.waitedSteps),
      longestWaitUs: this.#datapath.longestWaitUs,
      checks: this.#invariants.checks,
    };
  }

  #portsThere = 0;

  /** Seconds of ports that are lost, and what whoever might have kept them was doing. */
  #judge(): void {
    const { lostBy, curableWhile } = this.#scores;
    const before = lostBy.curable;
    this.#ports.second(this.#arrivals, this.#scores);
    const { doing } = this.#policy;
    if (doing === null || lostBy.curable === before) return;
    const key = doing.reason === null ? doing.phase : `${doing.phase} ${doing.reason}`;
    curableWhile[key] = (curableWhile[key] ?? 0) + lostBy.curable - before;
  }

  /** Whether a port came or went. */
  #comeAndGo(second: number): boolean {
    let hasChanged = false;
    for (const [port, { presences }] of this.#spec.ports.entries()) {
      const at = this.#presence[port] ?? 0;
      const { from, to } = presences[at] ?? { from: Number.MAX_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
      if (second !== from && second !== to) continue;
      if (second === to) this.#presence[port] = at + 1;
      this.#portsThere += second === from ? 1 : -1;
      hasChanged = true;
      for (const [queue, each] of this.#spec.queues.entries()) {
        if (each.port !== port) continue;
        this.#isThere[queue] = second === from ? 1 : 0;
        this.#isFrozen[queue] = 0;
      }
    }
    return hasChanged;
  }

  /** The switch places whatever is not pinned; what was decided before is void. */
  #reconfigure(second: number): void {
    const { readings } = this.#datapath;
    this.#scores.foreignMoves += this.#datapath.replace(
      this.#placement(this.#policy.terms, (queue) => readings.minuteCycles(queue)),
    );
    this.#policy.reconfigured(second);
    if (this.#pending === undefined) return;
    this.#scores.dropped++;
    this.#policy.settled(this.#pending.act, second, false);
    this.#pending = undefined;
    this.#invariants.ended();
  }

  #act(second: number, act: Act): void {
    const { place, readings } = this.#datapath;
    const before = place.slice();
    let next: Int32Array;
    if (act.kind === 'reshuffle') next = this.#placement(this.#policy.terms, (queue) => readings.minuteCycles(queue));
    else {
      next = before.slice();
      for (const { queue, to } of act.shifts) next[queue] = to;
      this.#freeze();
    }
    this.#scores.moves += this.#datapath.replace(next);
    this.#trials.begin(second, before, (queue) => this.#spec.queues[queue]?.port ?? -1);
    this.#scores.acts++;
    if (act.kind === 'move' && act.isRollback) this.#scores.rollbacks++;
    this.#invariants.acted(second, act, before);
    this.#invariants.ended();
    this.#pending = undefined;
    this.#policy.reconfigured(second);
    this.#policy.settled(act, second, true);
  }

  #placement(terms: Policy['terms'], cycles: (queue: number) => number): Int32Array {
    return switchPlacement({
      ...{ spec: this.#spec, terms, cycles },
      isThere: (queue) => this.#isThere[queue] === 1,
      frozenAt: (queue) => (this.#isFrozen[queue] === 1 ? (this.#datapath.place[queue] ?? null) : null),
    });
  }

  #freeze(): void {
    for (const [queue, pmd] of this.#datapath.place.entries()) this.#isFrozen[queue] = pmd === unplaced ? 0 : 1;
  }

  #steal(second: number): void {
    if (this.#spec.thefts.length === 0) return;
    const { stolenPpm } = this.#datapath;
    stolenPpm.fill(0);
    for (const { pmd, from, to, stolenPpm: taken } of this.#spec.thefts)
      if (second >= from && second < to) stolenPpm[pmd] = Math.max(stolenPpm[pmd] ?? 0, taken);
  }

  #look(second: number): void {
    const { place, queuesOf, readings, rings, stolenPpm } = this.#datapath;
    readings.close(queuesOf);
    const act = this.#policy.look({ second, spec: this.#spec, readings, place, queuesOf, stolenPpm, packets: rings });
    const { doing } = this.#policy;
    if (doing?.phase === 'suppressed') this.#scores.suppressedHosts = 1;
    if (doing?.phase === 'halt') this.#scores.haltedHosts = 1;
    if (act === undefined) return;
    this.#invariants.begun(second, act);
    this.#pending = { act, at: second + actSeconds };
  }
}
