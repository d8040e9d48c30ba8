import type { AvailabilitySli } from './objective.ts';
import type { Piece } from './pieces.ts';
import { isUnknown, segmentKinds } from './segment.ts';

/** With fewer packets a slot has no loss ratio: its probes are asked, and without any it is idle. */
const offeredMin = 10n;

/** What the slots of a piece say about availability; `gap`: something was lost, nobody knows in which of them. */
export type Loss = 'lossy' | 'good' | 'gap' | 'idle' | 'unknown' | 'excluded';

/**
 * Loss of a slot against the objective's threshold (MEF 10.4 flr; sla research §C.5): D/O with 10 packets or more, else
 * probes lost/sent, else none. Compared as integers.
 *
 * Example, threshold 0.10: 1 of 10 lost is not above it, 2 of 19 is (20 > 19).
 */
export function lossOf(piece: Piece, { lossRatioMax: { num, den } }: AvailabilitySli): Loss {
  if (piece.excluded) return 'excluded';
  if (isUnknown(piece.kind)) return 'unknown';
  if (piece.kind === segmentKinds.clean) return 'good';
  if (piece.kind === segmentKinds.idle) return 'idle';
  if (piece.kind !== segmentKinds.observed) return piece.bad === 0n ? 'good' : 'gap';
  if (piece.offered >= offeredMin) return piece.bad * den > num * piece.offered ? 'lossy' : 'good';
  if (piece.sent === 0) return 'idle';
  return BigInt(piece.lost) * den > num * BigInt(piece.sent) ? 'lossy' : 'good';
}
