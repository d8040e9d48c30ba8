import type { Direction } from '../../core/catalogue/kind-parts.ts';
import type { DropPlace } from '../../core/catalogue/kinds.ts';
import type { OwnedPackets } from '../attribution/evidence.ts';
import type { OwnedSlot } from '../attribution/owned-slots.ts';
import type { SharedLoss } from './shared-loss.ts';
import { isoOf, type Path, type SealedLine } from './slot-line.ts';

/** Rows of one path as the store has them; unix seconds; increments of an `unknown` row are 0 and nothing uses them. */
interface Row {
  readonly slot: number;
  readonly slots: number;
  readonly state: 'observed' | 'bridged' | 'unknown';
  readonly suspect: boolean;
  readonly packets: bigint;
}

export interface PortRow extends Row {
  readonly dropsOutside: bigint;
  readonly dropsInside: bigint;
}

export interface CauseRow extends Row {
  readonly cause: string;
  readonly place: DropPlace;
  /** Whose its packets are; absent: nobody has said so. They add up to `packets`. */
  readonly owners?: OwnedPackets | undefined;
}

/** All rows of a path that begin in a day, and what reaches into it from before. In any order, repeated rows included. */
export interface DayRows {
  readonly direction: Direction;
  readonly from: number;
  readonly to: number;
  readonly ports: readonly PortRow[];
  /** Steps that the store has summed up, because each of their slots is clean, or each is idle. */
  readonly sums: readonly SealedLine[];
  readonly causes: readonly CauseRow[];
  /** Gaps with a known sum that begin before `from` and end behind it. */
  readonly entering: readonly { readonly slot: number; readonly slots: number }[];
  /** Whose the losses of single slots are that no cause row tells alone (server/attribution/owned-slots.ts). */
  readonly owned?: ReadonlyMap<number, OwnedSlot> | undefined;
  /** What was lost further up and may have been this path's; `sums` touch none of it. */
  readonly shared: readonly SharedLoss[];
}

/** A row whose numbers no line of slots can hold; kept beside them as it is. */
export type Aside = PortRow | CauseRow;

export function isKnown(row: Row): boolean {
  return row.state !== 'unknown' && !row.suspect;
}

/** In one order whatever order they came in, and each once: a row that was stored twice says the same thing twice. */
export function distinctRows<R extends Aside>(rows: readonly R[]): R[] {
  const byText = new Map(rows.map((row) => [textOf(row), row]));
  return [...byText].sort(([a, rowA], [b, rowB]) => rowA.slot - rowB.slot || (a < b ? -1 : 1)).map(([, row]) => row);
}

function textOf(row: Aside): string {
  const head = `${row.slot} ${row.slots} ${row.state} ${row.suspect} ${row.packets}`;
  return 'cause' in row ? `${head} ${row.cause} ${row.place}` : `${head} ${row.dropsOutside} ${row.dropsInside}`;
}

/** The row as text without a line break; keys have one order. */
export function encodeAside(path: Path, row: Aside): string {
  const { host, port, direction } = path;
  const head = { host, port, direction, slot: isoOf(row.slot), slots: row.slots, state: row.state };
  const suspect = row.suspect ? { suspect: true } : {};
  const packets = String(row.packets);
  if ('cause' in row) return JSON.stringify({ ...head, ...suspect, cause: row.cause, place: row.place, packets });
  const drops = { dropsOutside: String(row.dropsOutside), dropsInside: String(row.dropsInside) };
  return JSON.stringify({ ...head, ...suspect, packets, ...drops });
}
