import type { OvsTerms } from '../ovs-model/schedule.ts';
import type { Doing } from './doing.ts';
import type { HostSpec } from './host-spec.ts';
import type { Readings } from './readings.ts';
import type { Rings } from './rings.ts';

export const plannerNames = ['none', 'auto-lb-cycles', 'auto-lb-group', 'ours'] as const;
export type PlannerName = (typeof plannerNames)[number];

export interface ShiftOf {
  readonly queue: number;
  /** Places of threads. */
  readonly from: number;
  readonly to: number;
}

/** What is to be done to a host. `reshuffle`: the switch shares everything out anew. */
export type Act =
  | { readonly kind: 'reshuffle' }
  | { readonly kind: 'move'; readonly shifts: readonly ShiftOf[]; readonly isRollback: boolean };

/** What can be read of a host at the end of an interval of 5 s. */
export interface Look {
  readonly second: number;
  readonly spec: HostSpec;
  readonly readings: Readings;
  /** Of each queue its thread, -1: it is not there; of each thread its queues. */
  readonly place: Int32Array;
  readonly queuesOf: readonly (readonly number[])[];
  /** From the kernel's books, which know of theft. */
  readonly stolenPpm: Uint32Array;
  /** Counters of packets only; what waits in a ring is not read. */
  readonly packets: Pick<Rings, 'offered' | 'dropped' | 'polled'>;
}

/** Who decides what is moved on one host. */
export interface Policy {
  /** How the switch places whatever is not pinned. */
  readonly terms: OvsTerms;
  /** Every queue is pinned to where it is: a port that comes moves nobody else. */
  readonly freezes: boolean;
  /** Since the last look; null: it has no states to tell of. */
  readonly doing: Doing | null;
  look(look: Look): Act | undefined;
  /** An act of its own took effect, or nothing came of it because the host had changed meanwhile. */
  settled(act: Act, second: number, isDone: boolean): void;
  /** The switch placed queues anew, whoever wanted it. */
  reconfigured(second: number): void;
}
