import { counterOf, decimalOf, type PassedOver, smallNumberOf, UnknownLines } from './report-text.ts';

/** A counter and the share printed behind it, in percent with one decimal; see the field for what it is a share of. */
export interface Shared {
  readonly count: bigint;
  /** Undefined where nothing was divided (nan). For display: the printed share is rounded. */
  readonly percent: number | undefined;
}

/** Counters since the last `pmd-stats-clear`, which anybody may give. Undefined: not printed by this version or state. */
export interface PmdPerf {
  readonly role: 'pmd' | 'main';
  readonly numa: number | undefined;
  readonly core: number | undefined;
  /** Since the counters were cleared; it falls when they are. */
  readonly measuredMs: bigint | undefined;
  readonly iterations: bigint | undefined;
  /** Percent of all cycles; without DPDK the daemon does not know the rate of cycles and prints nonsense. */
  readonly usedCycles: Shared | undefined;
  /** Counts of iterations, but percents of the used cycles: the two are not the same thing. */
  readonly idleIterations: Shared | undefined;
  readonly busyIterations: Shared | undefined;
  /** Percent of iterations; 3.1 and later. */
  readonly sleepIterations: Shared | undefined;
  readonly sleepUs: bigint | undefined;
  readonly rxPackets: bigint | undefined;
  readonly passes: bigint | undefined;
  readonly phwolHits: bigint | undefined;
  readonly simpleMatchHits: bigint | undefined;
  readonly emcHits: bigint | undefined;
  readonly smcHits: bigint | undefined;
  readonly megaflowHits: bigint | undefined;
  /** Packets that no flow took. */
  readonly upcalls: bigint | undefined;
  readonly lostUpcalls: bigint | undefined;
  readonly txPackets: bigint | undefined;
  readonly txBatches: bigint | undefined;
}

export interface PmdPerfReport extends PassedOver {
  readonly threads: readonly PmdPerf[];
}

type CountField = {
  [K in keyof PmdPerf]: bigint extends PmdPerf[K] ? (K extends 'measuredMs' ? never : K) : never;
}[keyof PmdPerf];
type SharedField = 'usedCycles' | 'idleIterations' | 'busyIterations' | 'sleepIterations';
type OpenPerf = { -readonly [K in keyof PmdPerf]: PmdPerf[K] };

const counts: Readonly<Record<string, CountField>> = {
  Iterations: 'iterations',
  'Sleep time (us)': 'sleepUs',
  'Rx packets': 'rxPackets',
  'Datapath passes': 'passes',
  '- PHWOL hits': 'phwolHits',
  '- Simple Match hits': 'simpleMatchHits',
  '- EMC hits': 'emcHits',
  '- SMC hits': 'smcHits',
  '- Megaflow hits': 'megaflowHits',
  '- Upcalls': 'upcalls',
  '- Lost upcalls': 'lostUpcalls',
  'Tx packets': 'txPackets',
  'Tx batches': 'txBatches',
};
const shares: Readonly<Record<string, SharedField>> = {
  '- Used TSC cycles': 'usedCycles',
  '- idle iterations': 'idleIterations',
  '- busy iterations': 'busyIterations',
  '- sleep iterations': 'sleepIterations',
};
/** Known and passed over. */
const passed = new Set(['- MFEX Opt hits']);

const headerLine = /^(pmd|main) thread(?: numa_id (\d+))?(?: core_id (\d+))?:$/;
const durationLine = /^Measurement duration: (\d{1,15})\.(\d{3}) s$/;
const counterLine = /^ {2}((?:- )?[A-Za-z][\w ]*(?:\(us\))?): *(\d+)(?: {2}\(.*\))?$/;
const percentPart = /\( *([\d.]+|-?nan|-?inf) %/;

/**
 * `dpif-netdev/pmd-perf-show -nh`: a block a thread, begun by the time and the duration of the measurement. 4.0 prints a
 * last block for the main thread, which forwards too; it is one of its own here.
 *
 *     Time: 18:46:23.000
 *     Measurement duration: 37.527 s
 *
 *     pmd thread numa_id 0 core_id 1:
 *
 *       Iterations:             56380936  (0.66 us/it)
 *       - Used TSC cycles:   97352623680  ( 99.9 % of total cycles)
 *       - idle iterations:      56380935  ( 98.0 % of used cycles)
 *       Rx packets:                    1  (0 Kpps, 1132196 cycles/pkt)
 */
export function parsePmdPerf(text: string): PmdPerfReport {
  const threads: OpenPerf[] = [];
  const unknown = new UnknownLines();
  let thread: OpenPerf | undefined;
  let measuredMs: bigint | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const duration = durationLine.exec(line);
    // A line that could begin a block ends the one before, so that a damaged one gives its numbers to nobody else.
    if (!line.startsWith('  ')) thread = undefined;
    if (line.startsWith('Time: ')) {
      measuredMs = undefined;
    } else if (duration !== null) {
      measuredMs = BigInt(`${duration[1]}${duration[2]}`);
    } else if (line.startsWith('  ')) {
      if (thread === undefined || !takeLine(thread, line)) unknown.add(line);
    } else {
      thread = openThread(threads, line, measuredMs);
      measuredMs = undefined;
      if (thread === undefined) unknown.add(line);
    }
  }
  return { threads, ...unknown.result() };
}

/** Undefined for a line that begins no thread, or one that was there already: what follows then belongs to nobody. */
function openThread(threads: OpenPerf[], line: string, measuredMs: bigint | undefined): OpenPerf | undefined {
  const header = headerLine.exec(line);
  if (header === null) return undefined;
  const role = header[1] === 'main' ? 'main' : 'pmd';
  const [numa, core] = [smallNumberOf(header[2]), smallNumberOf(header[3])];
  if (threads.some((other) => other.role === role && other.core === core)) return undefined;
  const none = Object.fromEntries(
    [...Object.values(counts), ...Object.values(shares)].map((field) => [field, undefined]),
  );
  const thread = { ...(none as Record<CountField | SharedField, undefined>), role, numa, core, measuredMs } as OpenPerf;
  threads.push(thread);
  return thread;
}

/** False for a line that is not understood or comes a second time. */
function takeLine(thread: OpenPerf, line: string): boolean {
  const [, label = '', digits] = counterLine.exec(line) ?? [];
  const count = counterOf(digits);
  if (count === undefined) return false;
  if (passed.has(label)) return true;
  if (Object.hasOwn(counts, label)) {
    const field = counts[label] as CountField;
    if (thread[field] !== undefined) return false;
    thread[field] = count;
    return true;
  }
  if (!Object.hasOwn(shares, label)) return false;
  const field = shares[label] as SharedField;
  if (thread[field] !== undefined) return false;
  thread[field] = { count, percent: decimalOf(percentPart.exec(line)?.[1]) };
  return true;
}
