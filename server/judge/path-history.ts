import { countedOf, endOf, type SlotLine } from '../seal/slot-line.ts';
import type { Span } from '../slo/objective.ts';
import { chunkBitsOf, type KeptRow, RowTable } from '../slo/row-table.ts';
import { rowKinds } from '../slo/segment.ts';

/** Fewer rows are kept as objects: columns cost a kilobyte before their first row. */
const fewRows = 24;
/** Rows of one path in memory; more are not followed: the objective is told to be too large. */
export const pathRowsMax = 6_000_000;

interface Chunk extends Span {
  readonly rows: { readonly length: number; at(i: number): KeptRow | undefined };
}

/**
 * What is known of a path of one host over the windows of an objective, in stretches that are replaced as a whole when
 * rows of them were stored. Rows are those of `fournines evaluate`: nothing is lost that a verdict could ask for.
 */
export class PathHistory {
  /** In order, without overlap. */
  #chunks: Chunk[] = [];
  #rows = 0;

  get length(): number {
    return this.#rows;
  }

  /** Lines of a stretch, in order of time. Stretches that lie inside are replaced; none may lie across its ends. */
  set(span: Span, lines: readonly SlotLine[]): void {
    const kept = this.#chunks.filter(({ from, to }) => to <= span.from || from >= span.to);
    const place = kept.findIndex(({ from }) => from >= span.to);
    kept.splice(place < 0 ? kept.length : place, 0, { ...span, rows: rowsOf(lines) });
    this.#keep(kept);
  }

  dropBefore(slot: number): void {
    if (this.#chunks[0] !== undefined && this.#chunks[0].to <= slot)
      this.#keep(this.#chunks.filter(({ to }) => to > slot));
  }

  #keep(chunks: Chunk[]): void {
    this.#chunks = chunks;
    this.#rows = chunks.reduce((sum, { rows }) => sum + rows.length, 0);
  }

  /** Slots are told once: a gap may reach beyond the end of its stretch, and an end may cut one. */
  addTo(table: RowTable, of: { readonly path: number; readonly host: number }, before: number): void {
    let told = 0;
    for (const { from, rows } of this.#chunks) {
      if (from >= before) return;
      for (let i = 0; i < rows.length; i++) {
        const cut = cutRow(rows.at(i) as KeptRow, { from: told, to: before });
        if (cut === undefined) continue;
        table.push({ ...cut, ...of });
        told = cut.slot + cut.count;
      }
    }
  }
}

/** What of a row lies in a span: of totals nobody knows how much. */
function cutRow(row: KeptRow, { from, to }: Span): KeptRow | undefined {
  const slot = Math.max(row.slot, from);
  const count = Math.min(row.slot + row.count, to) - slot;
  if (count <= 0) return undefined;
  if (count === row.count) return row;
  if (row.kind === rowKinds.observed) return { ...row, slot, count };
  return { ...row, slot, count, kind: rowKinds.unknown, offered: 0n, bad: 0n, peak: 0n, shared: 0n };
}

function rowsOf(lines: readonly SlotLine[]): Chunk['rows'] {
  if (lines.length <= fewRows) return lines.map(rowOf);
  const table = new RowTable(chunkBitsOf(lines.length));
  for (const line of lines) table.push(rowOf(line));
  return table;
}

/** Bad are the provider's drops and those whose owner is unknown; what the contract takes was not offered. */
export function rowOf(line: SlotLine): KeptRow {
  const place = { path: 0, host: 0, line: 0, slot: line.slot, count: endOf(line) - line.slot };
  const none = { ...place, sent: 0, lost: 0, shared: 0n };
  if (line.state === 'unknown') return { ...none, kind: rowKinds.unknown, offered: 0n, bad: 0n, peak: 0n };
  const numbers = { ...none, ...countedOf(line), peak: 0n };
  if (line.state === 'sealed') return { ...numbers, kind: rowKinds[line.class], peak: line.offeredMax };
  const { shared } = line;
  return { ...numbers, shared, kind: line.suspect ? rowKinds.suspect : rowKinds[line.state] };
}
