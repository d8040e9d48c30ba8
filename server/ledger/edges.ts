/** What bounds a residual: the ends of the stretches of slots that a sum is made of, and what was read there. */

/** A row of a datapath at the end of a stretch; sums are null where they are unknown. */
export interface EdgeRow {
  /** First slot, and the one behind its last, unix seconds. */
  readonly from: number;
  readonly to: number;
  /** Number of the step whose sums hold this row; -1: none does (unknown, suspect, across an end). */
  readonly step: number;
  readonly inPackets: bigint | null;
  readonly outPackets: bigint | null;
  readonly portDrops: bigint | null;
  readonly intervalNs: bigint;
  readonly readSpanNs: bigint;
  readonly lateNs: bigint;
  /** Packets that polling threads can have between their ports at the closing read. */
  readonly hold: bigint;
}

/** One end of a stretch of summed slots: the reading between two rows, either of which may be missing. */
export interface Edge {
  readonly at: number;
  readonly step: number;
  readonly before: EdgeRow | undefined;
  readonly after: EdgeRow | undefined;
}

/**
 * The ends of all stretches. `rows` are of one datapath, in order of time: at least each row at an end of a stretch and
 * its neighbour across that end. Two rows of one step with time between them end two stretches.
 */
export function edgesOf(rows: readonly (EdgeRow & { readonly starts: boolean; readonly ends: boolean })[]): Edge[] {
  return rows.flatMap((row, i) => {
    const previous = rows[i - 1];
    const next = rows[i + 1];
    const edges: Edge[] = [];
    if (row.starts) {
      edges.push({
        at: row.from,
        step: row.step,
        before: previous?.to === row.from ? previous : undefined,
        after: row,
      });
    }
    if (row.ends) {
      edges.push({ at: row.to, step: row.step, before: row, after: next?.from === row.to ? next : undefined });
    }
    return edges;
  });
}

/**
 * By how much the totals of one reading can contradict each other: what polling threads hold between ports, and what
 * passed while the counters were read one after another (rate x measured read span, rounded up).
 *
 * A reading beside a row that moved nothing is exact: a packet under way at the reading would have moved that row. Where
 * the row before is not there, the row behind says what it knows.
 *
 * Example: 10,000 packets in a second of 1e9 ns, read span 250,000 ns, hold 64: 64 + ceil(2.5) = 67.
 */
export function edgeBound({ before, after }: Edge): bigint {
  const rows = [before, after].filter((row) => row !== undefined);
  const reading = rows[0];
  if (reading === undefined || rows.some(isStill)) return 0n;
  const passed = rows.map((row) => {
    const most = max(row.inPackets ?? 0n, row.outPackets ?? 0n);
    return share(most, reading.readSpanNs, row.intervalNs);
  });
  return reading.hold + passed.reduce(max, 0n);
}

function isStill({ inPackets, outPackets, portDrops }: EdgeRow): boolean {
  return inPackets === 0n && outPackets === 0n && portDrops === 0n;
}

/** Something told every few seconds (copies, drops inside a datapath) near an end of a stretch. */
export interface ToldRow {
  readonly from: number;
  readonly to: number;
  /** Which of several things told over the same time. */
  readonly name: string;
  readonly packets: bigint;
  readonly intervalNs: bigint;
  readonly readSpanNs: bigint;
  readonly lateNs: bigint;
}

/**
 * How much of what is told in `rows` may lie on the other side of an end: all of a row that crosses one (nobody knows
 * how it is split), and of a row that meets one what passed between the two readings of that instant, which are made
 * one after the other.
 */
export function toldAcross(edges: readonly Edge[], rows: readonly ToldRow[]): bigint {
  const crosses = (row: ToldRow) => edges.some(({ at }) => row.from < at && at < row.to);
  const whole = rows.filter(crosses).reduce((sum, { packets }) => sum + packets, 0n);
  return edges.reduce((sum, edge) => sum + metAt(edge, rows), whole);
}

function metAt(edge: Edge, rows: readonly ToldRow[]): bigint {
  const reading = edge.before ?? edge.after;
  if (reading === undefined) return 0n;
  const meeting = Map.groupBy(
    rows.filter(({ from, to }) => from === edge.at || to === edge.at),
    ({ name }) => name,
  );
  let sum = 0n;
  for (const told of meeting.values()) {
    // The row that ends here says when this instant was read; one that only begins here is read about as late.
    const read = told.find(({ to }) => to === edge.at) ?? told[0];
    if (read === undefined) continue;
    const apart = abs(read.lateNs - reading.lateNs) + (read.readSpanNs + reading.readSpanNs + 1n) / 2n;
    sum += told.map((row) => share(row.packets, apart, row.intervalNs)).reduce(max, 0n);
  }
  return sum;
}

/** ceil(packets x part / whole); everything where the length of the whole is not told. */
function share(packets: bigint, partNs: bigint, wholeNs: bigint): bigint {
  return wholeNs <= 0n ? packets : (packets * partNs + wholeNs - 1n) / wholeNs;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
