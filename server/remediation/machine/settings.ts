import { type Damping, defaultDamping } from './damping.ts';
import { defaultTimers, type Timers } from './timers.ts';

/** What an operator may set; the executor on the host keeps limits of its own, which nobody sets from afar. */
export interface Settings {
  readonly timers: Timers;
  readonly damping: Damping;
  readonly limits: Limits;
}

export interface Limits {
  readonly maxMoves: number;
  /** Of all queues of the datapath; one may always be moved. */
  readonly queueSharePpm: number;
  /** Of any thread that would have to answer: above it the switch would wait for it without end. */
  readonly runDelayMaxPpm: number;
  readonly unixctlMaxMs: number;
  readonly enterPpm: number;
  readonly leavePpm: number;
  readonly replansMax: number;
  readonly actionsPerHour: number;
  readonly actionsPerDay: number;
  /** Plans that were advised or approved and came out as predicted, before a host acts alone. */
  readonly cleanPlansMin: number;
  /** Of what is predicted, in the mean over the last verdicts. */
  readonly predictionErrorMaxPpm: number;
  /** So many of them make a mean: load that went away after one change says little of predictions. */
  readonly verdictsMin: number;
}

const defaultLimits: Limits = {
  ...{ maxMoves: 2, queueSharePpm: 250_000, runDelayMaxPpm: 1_000, unixctlMaxMs: 1_000 },
  ...{ enterPpm: 900_000, leavePpm: 800_000, replansMax: 2, actionsPerHour: 6, actionsPerDay: 20 },
  ...{ cleanPlansMin: 20, predictionErrorMaxPpm: 150_000, verdictsMin: 5 },
};

export const defaultSettings: Settings = { timers: defaultTimers, damping: defaultDamping, limits: defaultLimits };
