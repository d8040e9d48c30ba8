/**
 * Consecutive slots of one path: one whose numbers are known, a gap of which only the sums are known, or slots of which
 * nothing is (`unknown`, suspect ones too) or nothing shall be (`excluded`). SLIs take them in order of time, without holes.
 */
export type Stretch<Numbers> =
  | ({ readonly state: 'observed' } & Numbers)
  | ({ readonly state: 'bridged'; readonly slots: number } & Numbers)
  | { readonly state: 'unknown'; readonly slots: number }
  | { readonly state: 'excluded'; readonly slots: number };

export interface SlotLoss {
  /** Less what the contract takes. */
  readonly offered: bigint;
  /** Lost by the provider, or nobody knows by whom; at most what was offered. */
  readonly bad: bigint;
}
