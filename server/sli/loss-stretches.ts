import type { SlotLoss, Stretch } from './stretch.ts';

/** A row of a path: what was offered and lost in some consecutive seconds. */
export interface LossRow {
  /** Unix seconds. */
  readonly slot: number;
  readonly slots: number;
  /** False: unknown, or suspect; its numbers are used for nothing. */
  readonly isKnown: boolean;
  readonly offered: bigint;
  readonly lost: bigint;
}

type LossStretch = Stretch<SlotLoss>;

/**
 * Rows in order of time as stretches of a window without holes. Seconds that no row tells are unknown, and so are those that two
 * rows tell, and those of a gap that reaches over an end of the window: nobody knows how much of its sum belongs inside.
 *
 * Example, window 10 to 20, rows 10 (1 s), 12 (3 s), 19 (4 s): observed; unknown 1; bridged 3; unknown 5.
 */
export function lossStretches(
  rows: readonly LossRow[],
  { from, to }: { readonly from: number; readonly to: number },
): LossStretch[] {
  const found: LossStretch[] = [];
  let at = from;
  const unknownTo = (end: number) => {
    if (end <= at) return;
    const last = found.at(-1);
    if (last?.state === 'unknown') found[found.length - 1] = { state: 'unknown', slots: last.slots + end - at };
    else found.push({ state: 'unknown', slots: end - at });
    at = end;
  };
  for (const [i, row] of rows.entries()) {
    const end = row.slot + row.slots;
    const next = rows[i + 1];
    const isAlone = row.slot >= at && (next === undefined || next.slot >= end);
    unknownTo(Math.min(row.slot, to));
    if (!row.isKnown || !isAlone || row.slot < from || end > to) unknownTo(Math.min(end, to));
    else {
      found.push(stretchOf(row));
      at = end;
    }
  }
  unknownTo(to);
  return found;
}

function stretchOf({ slots, offered, lost: bad }: LossRow): LossStretch {
  return slots === 1 ? { state: 'observed', offered, bad } : { state: 'bridged', slots, offered, bad };
}
