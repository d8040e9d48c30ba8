import { readFileSync } from 'node:fs';
import os from 'node:os';
import { cpuSlot } from '../../../core/catalogue/thread-kinds.ts';
import { systemCode } from '../../../core/runtime/error.ts';
import type { NativeFacade } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';
import { identityOf } from '../../slot.ts';
import type { Tick } from '../../source.ts';
import { timedRead } from '../../timed-read.ts';
import { type Booking, bookingOf, type CpuTicks, parseCpuStat, ticksPerSecond, unjudged } from './cpu-stat.ts';

const secondNs = 1_000_000_000n;
// Two CPU seconds a second cannot be; the margin is for late reads.
const rule = { widthBits: 64, perSecondMax: 2n * secondNs } as const;
const rules = { irqNs: rule, softirqNs: rule, stealNs: rule };

export interface CpuTimesOptions {
  readonly native: NativeFacade;
  readonly place: string;
  readonly procRoot: string;
}

/** What interrupts and the hypervisor take of CPUs, from one read of /proc/stat a second. */
export class CpuTimes {
  readonly #options: CpuTimesOptions;
  readonly #tickNs: bigint | undefined;
  #booking: Booking = unjudged;

  constructor(options: CpuTimesOptions) {
    this.#options = options;
    const auxv = readProc(`${options.procRoot}/self/auxv`);
    const ticks = auxv === undefined ? undefined : ticksPerSecond(auxv, os.endianness() === 'LE');
    this.#tickNs = ticks === undefined || secondNs % ticks !== 0n ? undefined : secondNs / ticks;
  }

  /** Closes the slots of these CPUs; without a row, nothing is known of one. */
  close(cpus: ReadonlySet<number>, tick: Tick, into: Accumulator): void {
    if (cpus.size === 0) return;
    const { native, procRoot, place } = this.#options;
    const tickNs = this.#tickNs;
    const [read, time] = timedRead(native, tick.boundary, () => readProc(`${procRoot}/stat`));
    const stat = read === undefined ? undefined : parseCpuStat(read.toString('latin1'), cpus);
    if (stat === undefined || tickNs === undefined) {
      into.fact('thread.interrupts', 'no: /proc/stat is not read, or not understood', '/proc/stat');
      return;
    }
    this.#booking = bookingOf(this.#booking, stat, tickNs);
    const { booked } = this.#booking;
    into.fact('thread.interrupts', booked, '/proc/stat');
    for (const { cpu, ...ticks } of stat.cpus) {
      into.close({
        kind: cpuSlot,
        own: { cpu, interrupts: booked, resolutionNs: tickNs },
        time,
        identity: identityOf(place, 'cpu', cpu),
        values: valuesOf(ticks, tickNs),
        rules,
      });
    }
  }
}

function valuesOf({ irq, softirq, steal }: Omit<CpuTicks, 'cpu'>, tickNs: bigint) {
  return { irqNs: irq * tickNs, softirqNs: softirq * tickNs, stealNs: steal * tickNs };
}

/** Undefined: it is not there, or is kept from us; whatever the reason, what stands in it is not known. */
function readProc(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
