import type { Ratio } from './decimal.ts';
import type { LocalTime, Zone } from './zone-time.ts';

/** Loss above `lossRatioMax` makes a slot lossy; `run` such slots in a row make time unavailable (C and n of MEF 10.4). */
export interface AvailabilitySli {
  readonly sli: 'availability';
  readonly lossRatioMax: Ratio;
  readonly run: number;
}

/** Loss above `lossRatioMax` makes a slot bad; one with too few packets is judged with those before it (`PathCleanSlots`). */
export interface CleanSlotsSli {
  readonly sli: 'cleanSlots';
  /** Above 0. */
  readonly lossRatioMax: Ratio;
}

/** Indicators of slots: a promise of time. */
export type SlotSli = AvailabilitySli | CleanSlotsSli;

export type Sli = { readonly sli: 'packetDelivery' } | SlotSli;
export type SliName = Sli['sli'];

/** Whether an indicator counts slots, not packets. */
export function isOfSlots(sli: Sli): sli is SlotSli {
  return sli.sli !== 'packetDelivery';
}

export const durationUnits = ['m', 'h', 'd', 'w', 'M', 'Q', 'Y'] as const;

export interface Duration {
  readonly count: number;
  readonly unit: (typeof durationUnits)[number];
}

export interface RollingWindow {
  readonly rolling: true;
  readonly duration: Duration;
}

export interface CalendarWindow {
  readonly rolling: false;
  readonly duration: Duration;
  readonly start: LocalTime;
  readonly zone: Zone;
}

export type TimeWindow = RollingWindow | CalendarWindow;

export interface Objective {
  readonly name: string;
  readonly ports: readonly string[];
  readonly sli: Sli;
  readonly window: TimeWindow;
  readonly target: Ratio;
}

/** [from, to) in unix seconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Window extends Span {
  readonly zone: string;
}

/** Time that both sides have agreed to leave out; whole slots. */
export interface Exclusion extends Span {
  readonly category: string;
  readonly reason: string;
  readonly approvedBy: string;
}

/** Slots of one window that are marked one by one: 366 days and the hour of a change of clocks, with room to spare. */
export const windowSlotsMax = 400 * 86_400;
export const portsMax = 1000;
export const runMax = 3600;
