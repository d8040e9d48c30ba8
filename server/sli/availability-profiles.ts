/** Parameters of availability (MEF 10.4), slots of one second. */
export interface AvailabilityProfile {
  /** C: a slot that loses more is lossy. */
  readonly lossRatioMax: string;
  /** n: as many lossy slots in a row are an outage. */
  readonly run: number;
  /** p: as many in a row, and fewer than n, are one consecutive high-loss interval. */
  readonly consecutiveMin: number;
}

/**
 * Profiles by name (sla research §C.5): the defaults of MEF-SOAM-PM-MIB, and one that sees what hurts a network function.
 *
 * Example: six slots in a row that lose 60 % are no outage by `standard`, but six high-loss intervals and one consecutive
 * one; by `telcoCloud` they are six seconds of outage.
 */
export const availabilityProfiles = {
  standard: { lossRatioMax: '0.5', run: 10, consecutiveMin: 5 },
  telcoCloud: { lossRatioMax: '0.10', run: 5, consecutiveMin: 2 },
} as const satisfies Readonly<Record<string, AvailabilityProfile>>;
