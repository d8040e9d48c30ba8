import type { interruptBookings } from '../../../core/catalogue/thread-kinds.ts';

/** Clock ticks since boot. */
export interface CpuTicks {
  readonly cpu: number;
  readonly irq: bigint;
  readonly softirq: bigint;
  readonly steal: bigint;
}

/** What is read of /proc/stat. */
export interface CpuStat {
  readonly cpus: readonly CpuTicks[];
  /** Ticks in interrupt handlers of all CPUs, and how many interrupts there were. */
  readonly irqTicks: bigint;
  readonly interrupts: bigint;
}

/** Places of columns behind the name: user nice system idle iowait irq softirq steal (proc(5)). */
const irqColumn = 6;
const stealColumn = 8;

/**
 * /proc/stat: a line for all CPUs, one for each that is online, then the number of interrupts. A CPU of `wanted` without a line,
 * or with a shorter one, is left out: nothing is known of it. Undefined: the form is another one.
 *
 *     cpu  3272783 141713 882164 2726913 18327 0 11452 13080 0 0
 *     cpu0 1581048 70235 448392 1408942 4788 0 3255 6595 0 0
 *     intr 232380666 0 0 ...
 */
export function parseCpuStat(text: string, wanted: ReadonlySet<number>): CpuStat | undefined {
  const all = ticksOf(lineOf(text, 'cpu'));
  const interrupts = /^intr (\d{1,20})(?: |$)/.exec(lineOf(text, 'intr') ?? '')?.[1];
  if (all === undefined || interrupts === undefined) return undefined;
  const cpus = [...wanted].flatMap((cpu) => {
    const ticks = ticksOf(lineOf(text, `cpu${cpu}`));
    return ticks === undefined ? [] : [{ cpu, ...ticks }];
  });
  return { cpus, irqTicks: all.irq, interrupts: BigInt(interrupts) };
}

/** The whole line that begins with this word. */
function lineOf(text: string, word: string): string | undefined {
  const from = text.startsWith(`${word} `) ? 0 : text.indexOf(`\n${word} `) + 1;
  if (from === 0 && !text.startsWith(`${word} `)) return undefined;
  const to = text.indexOf('\n', from);
  return to < 0 ? undefined : text.slice(from, to);
}

function ticksOf(line: string | undefined): Omit<CpuTicks, 'cpu'> | undefined {
  const columns = line?.split(/ +/).slice(irqColumn, stealColumn + 1) ?? [];
  if (columns.length < 3 || !columns.every((column) => /^\d{1,20}$/.test(column))) return undefined;
  const [irq, softirq, steal] = columns.map(BigInt) as [bigint, bigint, bigint];
  return { irq, softirq, steal };
}

/** So many interrupts are judged at once. */
const judgedInterrupts = 1_000_000n;
/** No handler is quicker; many interrupts that only wake another CPU are in the number and are never timed. */
const handlerNsMin = 20n;

export interface Booking {
  readonly booked: (typeof interruptBookings)[number];
  /** Up to where it was judged. */
  readonly irqTicks: bigint;
  readonly interrupts: bigint;
}

/** Nothing has been judged since boot. */
export const unjudged: Booking = { booked: 'unknown', irqTicks: 0n, interrupts: 0n };

/**
 * How the kernel books interrupts. A kernel that does not time them (CONFIG_IRQ_TIME_ACCOUNTING, or a clock it does not trust)
 * books what its own tick interrupts, and a tick never interrupts a handler, which runs with interrupts off: such time stays 0
 * however many there are. Nothing else tells it while it runs.
 */
export function bookingOf(last: Booking, now: Omit<CpuStat, 'cpus'>, tickNs: bigint): Booking {
  const { irqTicks, interrupts } = now;
  // Counters of a machine do not go back; if they do, what was judged by them is no longer known.
  if (interrupts < last.interrupts || irqTicks < last.irqTicks) return { booked: 'unknown', irqTicks, interrupts };
  const seen = interrupts - last.interrupts;
  if (seen < judgedInterrupts) return last;
  const isTimed = (irqTicks - last.irqTicks) * tickNs >= seen * handlerNsMin;
  return { booked: isTimed ? 'timed' : 'sampled', irqTicks, interrupts };
}

/** AT_CLKTCK of the auxiliary vector (getauxval(3)). */
const clockTicksTag = 17n;

/**
 * Ticks a second in which the kernel tells times, from the auxiliary vector of a process: pairs of 64-bit words. 100 nearly
 * everywhere; undefined: not told, and nothing may be guessed.
 */
export function ticksPerSecond(auxv: Uint8Array, littleEndian: boolean): bigint | undefined {
  const view = new DataView(auxv.buffer, auxv.byteOffset, auxv.byteLength);
  for (let at = 0; at + 16 <= auxv.byteLength; at += 16) {
    const value = view.getBigUint64(at + 8, littleEndian);
    if (view.getBigUint64(at, littleEndian) === clockTicksTag) return value > 0n ? value : undefined;
  }
  return undefined;
}
