import type { Path, SlotLine } from '../seal/slot-line.ts';
import { endOf } from '../seal/slot-line.ts';
import { type Exclusion, isOfSlots, type Objective, type Span } from '../slo/objective.ts';
import { type Piece, piecesOf } from '../slo/pieces.ts';
import { chunkBitsOf, RowTable } from '../slo/row-table.ts';
import { Cuts } from '../slo/spans.ts';
import { rowOf } from './path-history.ts';
import type { PlacedPath } from './stretch.ts';

/** The lines of one path of one host in a stretch. */
export interface PathLines extends PlacedPath {
  readonly lines: readonly SlotLine[];
}

/**
 * What burn rates need of a stretch: the pieces of every path, hosts added up, second by second or in sums that no window of
 * theirs cuts. A file says of a run of seconds only that they were clean, which burn rates take for unknown; here it is a
 * sum whose seconds were all seen.
 */
export class StretchPieces {
  readonly #paths: { readonly pieces: readonly Piece[]; next: number }[];

  constructor(objective: Objective, exclusions: readonly Exclusion[], span: Span, lines: readonly PathLines[]) {
    const table = new RowTable(chunkBitsOf(lines.reduce((sum, path) => sum + path.lines.length, 0)));
    const paths: { port: string; direction: Path['direction'] }[] = [];
    const hosts = new Map<string, number>();
    for (const { placed, direction, lines: own } of lines) {
      const found = paths.findIndex((path) => path.port === placed.name && path.direction === direction);
      const path = found >= 0 ? found : paths.push({ port: placed.name, direction }) - 1;
      const host = hosts.get(placed.host) ?? hosts.size;
      hosts.set(placed.host, host);
      for (const line of own) table.push({ ...rowOf(seen(line, objective)), path, host });
    }
    for (const port of objective.ports)
      if (!paths.some((path) => path.port === port)) paths.push({ port, direction: 'rx' });
    const orders = table.orders(paths.length);
    const cuts = new Cuts(undefined, exclusions);
    const file = { name: objective.name, rows: table, lines: table.length };
    const all = paths.map((path, i) => ({ ...path, order: orders[i] as Uint32Array }));
    this.#paths = all.map((path) => ({ pieces: [...piecesOf({ ...file, paths: all }, path, cuts, span)], next: 0 }));
  }

  /** Those of each path that touch a bucket; buckets are asked for in order of time. */
  touching({ from, to }: Span): Piece[][] {
    return this.#paths.map((path) => {
      while ((path.pieces[path.next]?.to ?? Number.POSITIVE_INFINITY) <= from) path.next++;
      const found: Piece[] = [];
      for (let i = path.next; ; i++) {
        const piece = path.pieces[i];
        if (piece === undefined || piece.from >= to) return found;
        found.push(piece);
      }
    });
  }
}

/** Idle seconds say nothing of slots; of packets they are known as others are. */
function seen(line: SlotLine, { sli }: Objective): SlotLine {
  if (line.state !== 'sealed' || (line.class === 'idle' && isOfSlots(sli))) return line;
  const { slot, offered, delivered, drops } = line;
  return { state: 'bridged', slot, slots: endOf(line) - slot, offered, delivered, drops, suspect: false, shared: 0n };
}
