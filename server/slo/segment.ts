/** What a row of a file is. */
export const rowKinds = { observed: 0, bridged: 1, clean: 2, idle: 3, unknown: 4, suspect: 5 } as const;
export type RowKind = (typeof rowKinds)[keyof typeof rowKinds];

/** What is known of the slots of a segment: as rows say it, or `folded`: a sum of sealed runs and rows of other hosts. */
export const segmentKinds = { ...rowKinds, folded: 6 } as const;
export type SegmentKind = (typeof segmentKinds)[keyof typeof segmentKinds];

/**
 * Slots [from, to) of a path, all hosts added up. `offered` and `bad` are those of each slot where it is observed, else of
 * all slots together; `peak` is the largest `offered` of one slot of a sealed run. `shared` is what was lost before anybody
 * knew whose it was, and may have been this path's: of each slot or of all together as `bad` is, and in neither of the two.
 */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly kind: SegmentKind;
  readonly offered: bigint;
  readonly bad: bigint;
  readonly peak: bigint;
  readonly sent: number;
  readonly lost: number;
  readonly shared: bigint;
  /** Set where segments are cut. */
  readonly excluded: boolean;
}

export function unknownSegment(from: number, to: number, kind: SegmentKind = segmentKinds.unknown): Segment {
  return { from, to, kind, offered: 0n, bad: 0n, peak: 0n, sent: 0, lost: 0, shared: 0n, excluded: false };
}

/** Only the sum over all its slots is known. */
export function isLump(kind: SegmentKind): boolean {
  return kind === segmentKinds.bridged || kind === segmentKinds.folded || isSealed(kind);
}

export function isSealed(kind: SegmentKind): boolean {
  return kind === segmentKinds.clean || kind === segmentKinds.idle;
}

export function isUnknown(kind: SegmentKind): boolean {
  return kind === segmentKinds.unknown || kind === segmentKinds.suspect;
}
