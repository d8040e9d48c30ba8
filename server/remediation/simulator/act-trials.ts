import type { Datapath } from './datapath.ts';
import { hertz } from './host-spec.ts';
import type { Scores } from './score.ts';

/** Half a minute before an act is held against half a minute that begins 10 s after it. */
const span = 30;
const settleSeconds = 10;
const hotPercent = 95;
const snapshotSeconds = 5;

interface Trial {
  readonly at: number;
  /** Of each port: seconds lost in the half minute before. */
  readonly before: readonly number[];
  /** Lost seconds so far when the half minute after begins. */
  since: Uint32Array | undefined;
  /** Of each thread: cycles wanted in the half minute after. */
  readonly wanted: Float64Array;
}

/**
 * Whether acts did what they were for, whoever acted: false when a port that lost seconds before still does, when any loses more
 * than before, or, where none had lost yet, when a thread is still wanted 95 % and more.
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

  begin(second: number): void {
    const [oldest = new Uint32Array(this.#lost.length)] = this.#snapshots;
    const before = [...this.#lost].map((now, port) => now - (oldest[port] ?? 0));
    const wanted = new Float64Array(this.#datapath.wantedCycles.length);
    this.#trials.push({ at: second, before, since: undefined, wanted });
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

  #isFalse({ before, since, wanted }: Trial): boolean {
    const after = [...this.#lost].map((now, port) => now - (since?.[port] ?? 0));
    if (after.some((lost, port) => lost > (before[port] ?? 0))) return true;
    if (before.some((lost) => lost > 0)) return before.some((lost, port) => lost > 0 && (after[port] ?? 0) > 0);
    return [...wanted].some((cycles) => cycles * 100 >= hertz * span * hotPercent);
  }
}
