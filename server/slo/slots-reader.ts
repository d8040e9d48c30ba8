import type { Direction } from '../../core/catalogue/kind-parts.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { JsonScanner, LineMistake, lineEnd } from './json-scanner.ts';
import { printable } from './printable.ts';
import { RowTable } from './row-table.ts';
import { type RowKind, rowKinds } from './segment.ts';
import { rowWords, SlotRow } from './slot-row.ts';

export interface SlotPath {
  readonly port: string;
  readonly direction: Direction;
  /** Rows of the table, in order of their first slot. */
  readonly order: Uint32Array;
}

/** The rows of a file that an objective asks for. */
export interface SlotsFile {
  readonly name: string;
  readonly rows: RowTable;
  readonly paths: readonly SlotPath[];
  /** All lines with a row, those of other ports included. */
  readonly lines: number;
}

const lineBytesMax = 65_536;
const linesMax = 1_000_000_000;
/** About 1.4 GB. */
const rowsMax = 40_000_000;
const hostsMax = 65_535;
const newline = 0x0a;

/**
 * Reads NDJSON of slots piece by piece, in whatever order its lines come, and keeps what the named ports need. Every
 * line is checked, those of other ports too. Throws FN_SLOTS_FILE with line and key.
 */
export class SlotsReader {
  readonly #name: string;
  readonly #ports: ReadonlySet<string>;
  readonly #scanner = new JsonScanner(rowWords);
  readonly #row = new SlotRow();
  readonly #rows = new RowTable();
  readonly #paths: { readonly port: string; readonly direction: Direction }[] = [];
  readonly #pathIds = new Map<string, Map<Direction, number>>();
  readonly #hosts = new Map<string, number>();
  #line = 0;
  #lines = 0;
  /** The beginning of a line whose end has not come yet. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(name: string, ports: readonly string[]) {
    this.#name = name;
    this.#ports = new Set(ports);
  }

  push(piece: Uint8Array): void {
    let from = 0;
    for (;;) {
      const to = piece.indexOf(newline, from);
      if (to < 0) break;
      if (this.#rest.length > 0) {
        const whole = this.#joined(piece.subarray(from, to));
        this.#rest = new Uint8Array(0);
        this.#take(whole, 0, whole.length);
      } else {
        this.#take(piece, from, to);
      }
      from = to + 1;
    }
    if (from < piece.length) this.#rest = this.#joined(piece.subarray(from)).slice();
  }

  /** The last line may lack its line break. */
  end(): SlotsFile {
    if (this.#rest.length > 0) this.#take(this.#rest, 0, this.#rest.length);
    this.#rest = new Uint8Array(0);
    const missing = [...this.#ports].filter((port) => !this.#pathIds.has(port));
    if (missing.length > 0) {
      const named = missing.slice(0, 5).map((port) => printable(JSON.stringify(port)));
      const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
      throw new FourninesError('FN_SLOTS_FILE', `${this.#name} has no row of port ${named.join(', ')}${more}`, {
        hint: 'The objective names it: export its slots too (a port that was silent has unknown rows), or mend spec.ports.',
        context: { file: this.#name, lines: this.#lines },
      });
    }
    const orders = this.#rows.orders(this.#paths.length);
    const paths = this.#paths.map((path, i) => ({ ...path, order: orders[i] as Uint32Array }));
    return { name: this.#name, rows: this.#rows, paths, lines: this.#lines };
  }

  #joined(piece: Uint8Array): Uint8Array {
    const length = this.#rest.length + piece.length;
    if (length > lineBytesMax) {
      this.#line++;
      this.#fail(new LineMistake('', `is longer than ${lineBytesMax} bytes`, 'One row a line, ended by a line break.'));
    }
    if (this.#rest.length === 0) return piece;
    const whole = new Uint8Array(length);
    whole.set(this.#rest);
    whole.set(piece, this.#rest.length);
    return whole;
  }

  #take(bytes: Uint8Array, from: number, to: number): void {
    this.#line++;
    try {
      if (to - from > lineBytesMax) throw new LineMistake('', `is longer than ${lineBytesMax} bytes`);
      if (this.#line > linesMax) throw new LineMistake('', `the file has more than ${linesMax} lines`);
      this.#scanner.begin(bytes, from, to);
      if (this.#scanner.peek() === lineEnd) return;
      this.#row.read(this.#scanner);
      this.#lines++;
      if (this.#ports.has(this.#row.port)) this.#keep();
    } catch (error) {
      if (!(error instanceof LineMistake)) throw error;
      this.#fail(error);
    }
  }

  #fail(mistake: LineMistake): never {
    const where = mistake.key === '' ? '' : `, key ${mistake.key}`;
    const what = printable(`${where}: ${mistake.message}`);
    throw new FourninesError('FN_SLOTS_FILE', `${this.#name} line ${this.#line}${what}`, {
      ...(mistake.hint === undefined ? {} : { hint: mistake.hint }),
      context: { file: this.#name, line: this.#line, key: mistake.key },
    });
  }

  #keep(): void {
    const row = this.#row;
    if (this.#rows.length >= rowsMax) {
      const hint = 'Equal neighbours fit into one line with repeat; fournines export-slots writes them so.';
      throw new LineMistake('', `more than ${rowsMax} rows of the named ports`, hint);
    }
    this.#rows.push({
      path: this.#pathId(row.port, row.direction),
      host: this.#hostId(row.host),
      line: this.#line,
      slot: row.slot,
      count: row.count,
      kind: kindOf(row),
      offered: row.suspect ? 0n : row.offered - row.contract,
      bad: row.suspect ? 0n : row.bad,
      peak: row.offeredMax,
      sent: row.suspect ? 0 : row.sent,
      lost: row.suspect ? 0 : row.lost,
      shared: row.suspect ? 0n : row.shared,
    });
  }

  #pathId(port: string, direction: Direction): number {
    let ofPort = this.#pathIds.get(port);
    if (ofPort === undefined) {
      ofPort = new Map();
      this.#pathIds.set(port, ofPort);
    }
    let id = ofPort.get(direction);
    if (id === undefined) {
      // At most four times as many as ports may be named.
      id = this.#paths.push({ port, direction }) - 1;
      ofPort.set(direction, id);
    }
    return id;
  }

  /** A row without a host belongs to a host of its own: that of no name. */
  #hostId(host: string): number {
    let id = this.#hosts.get(host);
    if (id === undefined) {
      if (this.#hosts.size >= hostsMax) throw new LineMistake('host', `more than ${hostsMax} hosts`);
      id = this.#hosts.size;
      this.#hosts.set(host, id);
    }
    return id;
  }
}

function kindOf({ state, suspect, class: sealedClass }: SlotRow): RowKind {
  if (suspect) return rowKinds.suspect;
  return state === 'sealed' ? rowKinds[sealedClass] : rowKinds[state];
}
