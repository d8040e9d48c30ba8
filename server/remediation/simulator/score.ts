import { type Datapath, type Offered, overheadPpm, unplaced } from './datapath.ts';
import { type HostSpec, hertz } from './host-spec.ts';

/** Why no placement would have kept a lost second. `curable`: one might have. */
export const lossCauses = ['curable', 'elephant', 'full', 'theft'] as const;
export type LossCause = (typeof lossCauses)[number];

/** Of one host or of many: sums, but for the longest wait. */
export interface Scores {
  /** Seconds of ports that were there, and of them those in which more than one packet in 1,000 was lost. */
  portSeconds: number;
  lostSeconds: number;
  readonly lostBy: Record<LossCause, number>;
  /** Of the curable ones, by what the machine was doing: its phase, and why. Empty where there is no machine. */
  readonly curableWhile: Record<string, number>;
  /** Hosts that were damped once, and such as a human had to look at. */
  suppressedHosts: number;
  haltedHosts: number;
  /** As text where they are told: sums of a fleet may pass 2^53. */
  packetsOffered: bigint;
  packetsLost: bigint;
  /** Packets x 100 ms in rings at the end of a step, and the longest wait, us. */
  waitedSteps: bigint;
  longestWaitUs: number;
  acts: number;
  rollbacks: number;
  /** Acts that came too late: the host was another one by then. */
  dropped: number;
  /** Acts after which what was broken stayed so, or something else broke. */
  falseActs: number;
  /** Queues that an act moved, and queues that moved because a port came or went. */
  moves: number;
  foreignMoves: number;
  checks: number;
}

export function noScores(): Scores {
  return {
    ...{ portSeconds: 0, lostSeconds: 0, lostBy: { curable: 0, elephant: 0, full: 0, theft: 0 } },
    ...{ curableWhile: {}, suppressedHosts: 0, haltedHosts: 0 },
    ...{ packetsOffered: 0n, packetsLost: 0n, waitedSteps: 0n, longestWaitUs: 0 },
    ...{ acts: 0, rollbacks: 0, dropped: 0, falseActs: 0, moves: 0, foreignMoves: 0, checks: 0 },
  };
}

const lossOneIn = 1_000;
const packetsLeast = 10;
/** Of the threads of a node together: more than that no plan would accept on each of them. */
const fullPercent = 85;

/** Follows a host's ports: which of their seconds are lost, and why. */
export class PortSeconds {
  /** Of each port: its lost seconds since the beginning. */
  readonly lost: Uint32Array;
  readonly #spec: HostSpec;
  readonly #datapath: Datapath;
  readonly #dropped: Float64Array;
  readonly #offeredNow: Float64Array;
  readonly #droppedNow: Float64Array;

  constructor(spec: HostSpec, datapath: Datapath) {
    this.#spec = spec;
    this.#datapath = datapath;
    this.lost = new Uint32Array(spec.ports.length);
    this.#dropped = new Float64Array(spec.queues.length);
    this.#offeredNow = new Float64Array(spec.ports.length);
    this.#droppedNow = new Float64Array(spec.ports.length);
  }

  /** Adds a second that has passed. */
  second({ packets }: Offered, scores: Scores): void {
    const { rings } = this.#datapath;
    let hasLost = false;
    for (let queue = 0; queue < this.#dropped.length; queue++)
      if (rings.dropped[queue] !== this.#dropped[queue]) hasLost = true;
    if (!hasLost) return;
    this.#sum(packets);
    for (const [port, dropped] of this.#droppedNow.entries()) {
      const offered = this.#offeredNow[port] ?? 0;
      if (offered < packetsLeast || dropped * lossOneIn <= offered) continue;
      this.lost[port] = (this.lost[port] ?? 0) + 1;
      scores.lostSeconds++;
      scores.lostBy[this.#cause(port, packets)]++;
    }
  }

  #sum(packets: Float64Array): void {
    const { rings, place } = this.#datapath;
    this.#offeredNow.fill(0);
    this.#droppedNow.fill(0);
    for (const [queue, { port }] of this.#spec.queues.entries()) {
      const dropped = rings.dropped[queue] ?? 0;
      this.#droppedNow[port] = (this.#droppedNow[port] ?? 0) + dropped - (this.#dropped[queue] ?? 0);
      this.#dropped[queue] = dropped;
      if (place[queue] !== unplaced) this.#offeredNow[port] = (this.#offeredNow[port] ?? 0) + (packets[queue] ?? 0);
    }
  }

  #cause(port: number, packets: Float64Array): LossCause {
    const { queues, pmds, ports } = this.#spec;
    const { place, rings, stolenPpm } = this.#datapath;
    const threads = queues.flatMap((each, queue) => (each.port === port ? [place[queue] ?? unplaced] : []));
    if (threads.some((pmd) => (stolenPpm[pmd] ?? 0) > 0)) return 'theft';
    const room = (hertz * (1_000_000 - overheadPpm)) / 1_000_000;
    const wants = (queue: number) => (packets[queue] ?? 0) * (rings.cyclesPerPacket[queue] ?? 0);
    if (queues.some((each, queue) => each.port === port && wants(queue) > room)) return 'elephant';
    const numa = ports[port]?.numa;
    const wanted = queues.reduce(
      (sum, each, queue) => sum + (each.numa === numa && place[queue] !== unplaced ? wants(queue) : 0),
      0,
    );
    return wanted * 100 > room * pmds.filter((pmd) => pmd.numa === numa).length * fullPercent ? 'full' : 'curable';
  }
}
