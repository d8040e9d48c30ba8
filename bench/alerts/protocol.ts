import type { LabPostgres } from '../../test/lab/postgres/lab-postgres.ts';

/** What the bench of alerts and its processes say to each other, with 'advanced' serialization. */

/** How a receiver behaves: answers at once, answers late, takes the request and never answers, answers 503. */
export const receiverClasses = ['healthy', 'slow', 'hanging', 'failing'] as const;
export type ReceiverClass = (typeof receiverClasses)[number];

export type Counts = Readonly<Record<ReceiverClass, number>>;
export type Engine = 'postgres' | 'embedded';

/** Steady: so many a second. Flat: as many as keep what is under way at this many for each healthy receiver. */
export type Load =
  | { readonly kind: 'steady'; readonly rate: number }
  | { readonly kind: 'flat'; readonly depth: number };

export interface TurnPlan {
  /** Begins the names of its receivers: each turn has new ones, whose circuits are closed. */
  readonly turn: string;
  readonly engine: Engine;
  readonly receivers: Counts;
  /** Of all healthy receivers together; the others get `otherRate` each. */
  readonly load: Load;
  readonly otherRate: number;
  /** Measured, and before that. */
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly ports: readonly number[];
  readonly secret: string;
}

/** Of the measured time alone. */
export interface TurnTold {
  readonly seconds: number;
  /** To healthy receivers. */
  readonly added: number;
  readonly delivered: number;
  /** To healthy receivers and under way, in the middle of the measured time and at its end. */
  readonly backlogMiddle: number;
  readonly backlogEnd: number;
  /** The longest that adding took, ms: what was decided waited for it. */
  readonly addMsMax: number;
  readonly attempts: number;
  /** Of the subject's process, ms. */
  readonly cpuMs: number;
  /** Bytes of PostgreSQL's log of writes; undefined: not told by the embedded one. */
  readonly writtenBytes: number | undefined;
  readonly conflicts: number;
  /** Failures of ours; none is expected. */
  readonly failures: number;
  readonly lastErrorCode: string;
}

export interface ClassTally {
  /** Ms from "decided" to "received" of each first arrival of what was decided in the measured time (hanging, failing: in the turn). */
  readonly latenciesMs: Float64Array;
  readonly received: number;
  /** Of an id that was there before. */
  readonly again: number;
  /** Receivers where something came before what was decided earlier, or something in between is missing. */
  readonly outOfOrder: number;
  readonly signaturesChecked: number;
  readonly signaturesBad: number;
}

export type Tally = Readonly<Record<ReceiverClass, ClassTally>>;

export type ReceiversRequest =
  | { readonly type: 'open'; readonly ports: number; readonly secret: string; readonly slowMs: number }
  /** Forgets what was received, and lets those that hang go. */
  | { readonly type: 'begin'; readonly fromMs: number; readonly toMs: number }
  | { readonly type: 'tally' }
  | { readonly type: 'close' };

export type SubjectRequest =
  | { readonly type: 'open'; readonly postgres: LabPostgres['options']; readonly folder: string }
  | { readonly type: 'clear' }
  | { readonly type: 'turn'; readonly plan: TurnPlan; readonly startMs: number }
  | { readonly type: 'close' };

export interface StormTold {
  /** From the start of the notifier until each change was looked at; NaN: too late. */
  readonly takenMs: number;
  /** From the start until the last notification was in the outbox; the wait of the route is in it. */
  readonly outboxMs: number;
  readonly notifications: readonly StormNotification[];
  /** Bytes of PostgreSQL's log of writes. */
  readonly writtenBytes: number;
  /** Resident memory before the first change was read, and the most. */
  readonly startMiB: number;
  readonly peakMiB: number;
  /** Reading again what is remembered, as after a restart. */
  readonly loadMs: number;
  readonly failures: number;
  readonly lastErrorCode: string;
}

export interface StormNotification {
  readonly receiver: string;
  readonly named: number;
  readonly leftOut: number;
  readonly bytes: number;
}

export type StormRequest =
  | {
      readonly type: 'storm';
      readonly postgres: LabPostgres['options'];
      readonly changes: number;
      readonly waitSeconds: number;
    }
  | { readonly type: 'close' };

/** Name of a delivery: what its receiver must know of it, without a dot (Standard Webhooks). */
export function deliveryId(receiver: string, number: number, decidedMs: number): string {
  return `${receiver}_${number}_${Math.round(decidedMs * 1_000)}`;
}

export interface DeliveryName {
  readonly receiver: string;
  /** Counts the deliveries of the receiver from 1. */
  readonly number: number;
  readonly decidedMs: number;
}

export function deliveryNameOf(id: string): DeliveryName {
  const [receiver = '', number, decidedUs] = id.split('_');
  return { receiver, number: Number(number), decidedMs: Number(decidedUs) / 1_000 };
}

/** Both processes read one clock: unix ms with its fraction. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}
