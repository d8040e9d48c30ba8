import { type Datapath, unplaced } from './datapath.ts';
import { hertz } from './host-spec.ts';
import type { Scores } from './score.ts';

/** Half a minute before an act is held against half a minute that begins 10 s after it. */
const span = 30;
const settleSeconds = 10;
const hotPercent = 95;
const snapshotSeconds = 5;

interface Trial {
  readonly at: number;
  /** Threads that lost or gained a queue, and ports that have one on them: nobody else can be better or worse for it. */
  readonly pmds: ReadonlySet<number>;
  readonly ports: readonly number[];
  /** Of each port: seconds lost in the half minute before. */
  readonly before: readonly number[];
  /** Lost seconds so far when the half minute after begins. */
  since: Uint32Array | undefined;
  /** Of each thread: cycles wanted in the half minute after. */
  readonly wanted: Float64Array;
}

/**
 * Whether acts did what they were for, whoever acted. Of the threads that an act touched: false when a port that lost seconds before
 * still does, when any loses more than before, or, where none had lost yet, when a thread is still wanted 95 % and more.
 */
export class ActTrials {
  readonly #lost: Uint32Array;
  readonly #datapath: Datapath;
  readonly #snapshots: Uint32Array[] = [];
  #trials: Trial[] = [];

  constructor(lost: Uint32Array, datapath: Datapath) {
    this.#lost = lost;
    this.#datapath = datapath;
  }

  /** `before`: of each queue, its thread before the act, which has been carried out by now. */
  begin(second: number, before: Int32Array, portOf: (queue: number) => number): void {
    const { place } = this.#datapath;
    const moved = [...place.keys()].filter((queue) => place[queue] !== before[queue]);
    const pmds = new Set(moved.flatMap((queue) => [before[queue] ?? unplaced, place[queue] ?? unplaced]));
    const queues = [...place.keys()].filter((queue) => pmds.has(place[queue] ?? unplaced));
    const ports = [...new Set(queues.map(portOf))];
    const [oldest = new Uint32Array(this.#lost.length)] = this.#snapshots;
    const lostBefore = [...this.#lost].map((now, port) => now - (oldest[port] ?? 0));
    const wanted = new Float64Array(this.#datapath.wantedCycles.length);
    this.#trials.push({ at: second, pmds, ports, before: lostBefore, since: undefined, wanted });
  }

  /** After each second. */
  second(second: number, scores: Scores): void {
    if (second % snapshotSeconds === 0) {
      this.#snapshots.push(this.#lost.slice());
      if (this.#snapshots.length > span / snapshotSeconds) this.#snapshots.shift();
    }
    if (this.#trials.length === 0) return;
    for (const trial of this.#trials) {
      if (second < trial.at + settleSeconds) continue;
      trial.since ??= this.#lost.slice();
      for (const [pmd, cycles] of this.#datapath.wantedCycles.entries())
        trial.wanted[pmd] = (trial.wanted[pmd] ?? 0) + cycles;
    }
    const isOver = (trial: Trial) => second >= trial.at + settleSeconds + span;
    scores.falseActs += this.#trials.filter((trial) => isOver(trial) && this.#isFalse(trial)).length;
    this.#trials = this.#trials.filter((trial) => !isOver(trial));
  }

  #isFalse({ pmds, ports, before, since, wanted }: Trial): boolean {
    const of = ports.map((port) => {
      const after = (this.#lost[port] ?? 0) - (since?.[port] ?? 0);
      return { before: before[port] ?? 0, after };
    });
    if (of.some((port) => port.after > port.before)) return true;
    if (of.some((port) => port.before > 0)) return of.some((port) => port.after > 0);
    return [...pmds].some((pmd) => (wanted[pmd] ?? 0) * 100 >= hertz * span * hotPercent);
  }
}
