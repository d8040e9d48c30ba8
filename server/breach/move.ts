import type { RecordPatch } from './record.ts';

/** What a reading does to a breach, or to one that is not there yet. */
export interface Move {
  readonly patch: RecordPatch;
  /** Absent: no change is written, the record only keeps what was last read. */
  readonly reason?: string;
}
