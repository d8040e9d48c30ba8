/** How well a window is known, in slots. `expected` is the window's length: it comes from the clock, never from rows. */
export interface SlotCounts {
  readonly expected: number;
  readonly observed: number;
  readonly bridged: number;
  readonly unknown: number;
  /** Part of `unknown`: slots with numbers that nothing uses. */
  readonly suspect: number;
}

/**
 * Counts the slots of a window of `expected` seconds; what is neither observed nor bridged is unknown.
 *
 * Example: a window of 300 s with 250 observed slots and one gap of 40 bridged ones leaves 10 unknown.
 */
export function countSlots(
  expected: number,
  rows: { readonly observed: number; readonly bridged: number; readonly suspect: number },
): SlotCounts {
  const { observed, bridged, suspect } = rows;
  return { expected, observed, bridged, suspect, unknown: Math.max(0, expected - observed - bridged) };
}

export function isKnown(slots: SlotCounts): boolean {
  return slots.observed + slots.bridged > 0;
}
