import { type PassedOver, smallNumberOf, UnknownLines } from './report-text.ts';

export interface PmdRxq {
  readonly port: string;
  readonly queue: number;
  /** Undefined in versions that do not print it. A guest that uses fewer queues disables the others. */
  readonly isEnabled: boolean | undefined;
  /** Share of the PMD's cycles in the window, whole percent; undefined before the first window ends (NOT AVAIL). */
  readonly usagePercent: number | undefined;
}

export interface PmdRxqs {
  readonly numa: number;
  readonly core: number;
  /** Takes only queues that were pinned to it. */
  readonly isIsolated: boolean | undefined;
  readonly queues: readonly PmdRxq[];
  /** Busy cycles that belong to no queue, whole percent; undefined when not known or not printed. */
  readonly overheadPercent: number | undefined;
}

export interface PmdRxqReport extends PassedOver {
  /** Length of the window, which is rounded up to whole intervals of 5 s; undefined before 3.1, where it is 60 s. */
  readonly windowSec: number | undefined;
  readonly pmds: readonly PmdRxqs[];
}

type OpenRxqs = { -readonly [K in keyof PmdRxqs]: PmdRxqs[K] } & { queues: PmdRxq[] };

const windowLine = /^Displaying last (\d+) seconds pmd usage %$/;
const headerLine = /^pmd thread numa_id (\d+) core_id (\d+):$/;
const isolatedLine = /^ {2}isolated ?: (true|false)$/;
const queueLine =
  /^ {2}port: (.+) {2}queue-id: +(\d+)(?: \((enabled|disabled)\))? +pmd usage: +(?:(\d{1,3}) %|NOT AVAIL)$/;
const overheadLine = /^ {2}overhead: +(?:(\d{1,3}) %|NOT AVAIL)$/;

/**
 * `dpif-netdev/pmd-rxq-show`: which queues each PMD polls and how much of it they take.
 *
 *     Displaying last 5 seconds pmd usage %
 *     pmd thread numa_id 0 core_id 1:
 *       isolated : false
 *       port: dpdk0             queue-id:  0 (enabled)   pmd usage: 60 %
 *       port: vhu1              queue-id:  0 (enabled)   pmd usage: NOT AVAIL
 *       overhead:  4 %
 */
export function parsePmdRxq(text: string): PmdRxqReport {
  const pmds: OpenRxqs[] = [];
  const unknown = new UnknownLines();
  const seen = new Set<string>();
  let windowSec: number | undefined;
  let pmd: OpenRxqs | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const window = windowLine.exec(line);
    const isInner = /^ {2}\S/.test(line);
    // A line that could begin a PMD ends the one before, so that a damaged one gives its queues to nobody else.
    if (!isInner) pmd = undefined;
    if (window !== null && windowSec === undefined) {
      windowSec = smallNumberOf(window[1]);
    } else if (isInner) {
      if (pmd === undefined || !takeLine(pmd, seen, line)) unknown.add(line);
    } else {
      pmd = openPmd(pmds, line);
      if (pmd === undefined) unknown.add(line);
    }
  }
  return { windowSec, pmds, ...unknown.result() };
}

function openPmd(pmds: OpenRxqs[], line: string): OpenRxqs | undefined {
  const header = headerLine.exec(line);
  const [numa, core] = [smallNumberOf(header?.[1]), smallNumberOf(header?.[2])];
  if (numa === undefined || core === undefined || pmds.some((other) => other.core === core)) return undefined;
  const pmd = { numa, core, isIsolated: undefined, queues: [], overheadPercent: undefined };
  pmds.push(pmd);
  return pmd;
}

/** False for a line that is not understood or comes a second time; a queue is polled by one PMD. */
function takeLine(pmd: OpenRxqs, seen: Set<string>, line: string): boolean {
  const queue = queueOf(line);
  const once = queue === undefined ? `${pmd.core} ${line.slice(0, 6)}` : `${queue.queue} of ${queue.port}`;
  if (seen.has(once)) return false;
  const isolated = isolatedLine.exec(line);
  const overhead = overheadLine.exec(line);
  if (queue !== undefined) pmd.queues.push(queue);
  else if (isolated !== null) pmd.isIsolated = isolated[1] === 'true';
  else if (overhead !== null) pmd.overheadPercent = smallNumberOf(overhead[1]);
  else return false;
  seen.add(once);
  return true;
}

function queueOf(line: string): PmdRxq | undefined {
  const [, padded, digits, state, usage] = queueLine.exec(line) ?? [];
  const queue = smallNumberOf(digits);
  if (padded === undefined || queue === undefined) return undefined;
  const isEnabled = state === undefined ? undefined : state === 'enabled';
  return { port: padded.trimEnd(), queue, isEnabled, usagePercent: smallNumberOf(usage) };
}
