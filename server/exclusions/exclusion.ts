import type { Span } from '../slo/objective.ts';

/** Why time is left out. Maintenance is the only one that must be told beforehand. */
export const exclusionCategories = [
  'maintenance',
  'customerEquipment',
  'customerRequest',
  'overContractedRate',
  'forceMajeure',
  'thirdParty',
  'attack',
  'suspended',
] as const;
export type ExclusionCategory = (typeof exclusionCategories)[number];

/** `requested` → `approved` | `rejected`; `approved` → `revoked`. Only approved ones change a verdict. */
export const exclusionStates = ['requested', 'approved', 'rejected', 'revoked'] as const;
export type ExclusionState = (typeof exclusionStates)[number];

/** Proof that the tenant was told. */
export interface Notice {
  /** Unix seconds. */
  readonly givenAt: number;
  /** Where it can be seen: a ticket, a message. */
  readonly reference: string;
}

/** Time of a service, [from, to) in unix seconds, that somebody wants left out. */
export interface ExclusionRequest extends Span {
  readonly service: string;
  readonly category: ExclusionCategory;
  readonly reason: string;
  readonly requestedBy: string;
  readonly notice: Notice | null;
}

/** One change of an exclusion, as it was recorded. The first one is the request; revisions count from 1 without holes. */
export interface ExclusionEvent {
  readonly id: string;
  readonly revision: number;
  readonly atMs: number;
  readonly state: ExclusionState;
  readonly by: string;
  readonly comment: string;
  readonly request: ExclusionRequest;
  readonly requestedAtMs: number;
  /** What did not fit or was worth saying, the request's and those of each change since. */
  readonly warnings: readonly string[];
  /** The text that was recorded; `sha256` is its hash, and it holds the hash of the revision before. */
  readonly document: string;
  readonly sha256: string;
  readonly previous: string | null;
}
