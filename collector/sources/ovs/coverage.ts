import { counterOf, type PassedOver, UnknownLines } from './report-text.ts';

export interface CoverageReport extends PassedOver {
  /** Events since the daemon started, by name. Those that never happened are not printed. */
  readonly totals: ReadonlyMap<string, bigint>;
  /** How many counters stand at zero; undefined when the report is cut off, and then an absent name is not zero. */
  readonly neverHit: bigint | undefined;
}

const eventLine = /^([A-Za-z_]\w{0,127}) +[\d.]+\/sec +[\d.]+\/sec +[\d.]+\/sec +total: (\d+)$/;
const neverLine = /^(\d+) events never hit$/;
const titleLine = /^Event coverage, avg rate over last: .*:$/;

/**
 * `coverage/show`: how often each counted event of the daemon happened.
 *
 *     datapath_drop_upcall_error   0.0/sec     0.000/sec        0.0000/sec   total: 3
 *     95 events never hit
 */
export function parseCoverage(text: string): CoverageReport {
  const totals = new Map<string, bigint>();
  const unknown = new UnknownLines();
  let neverHit: bigint | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || titleLine.test(line)) continue;
    const [, name, digits] = eventLine.exec(line) ?? [];
    const total = counterOf(digits);
    const never = neverLine.exec(line);
    if (name !== undefined && total !== undefined && !totals.has(name)) totals.set(name, total);
    else if (never !== null && neverHit === undefined) neverHit = counterOf(never[1]);
    else unknown.add(line);
  }
  return { totals, neverHit, ...unknown.result() };
}
