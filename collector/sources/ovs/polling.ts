import { pmdSlot, rxqSlot } from '../../../core/catalogue/datapath-kinds.ts';
import type { Accumulator } from '../../accumulator.ts';
import { identityOf, type ReadTime } from '../../slot.ts';
import type { PmdPerf } from './pmd-perf.ts';
import type { PmdRxqs } from './pmd-rxq.ts';
import type { DaemonLife } from './ports.ts';

/** NUMA node of a thread that does not say it. */
const numaUnknown = 65_535;
const ppmOfPercent = 10_000n;
/** A TSC of 10 GHz is not built; nothing else here counts faster. */
const counter = { widthBits: 64, perSecondMax: 20_000_000_000n } as const;

/** What `pmd-rxq-show` last said of each thread, by core. */
export type Rxqs = ReadonlyMap<number, PmdRxqs>;

/** pmd_slot rows, from `pmd-perf-show`. Anybody may clear these counters: that is a new epoch of this thread alone. */
export function closePmds(
  {
    life,
    datapath,
    threads,
    rxqs,
    time,
  }: {
    life: DaemonLife;
    datapath: string;
    threads: readonly PmdPerf[];
    rxqs: Rxqs;
    time: ReadTime;
  },
  into: Accumulator,
): void {
  for (const thread of threads) {
    const { core } = thread;
    if (thread.role !== 'pmd' || core === undefined) continue;
    const queues = rxqs.get(core);
    // A thread that has received nothing since its counters were cleared prints no more than that: the rest is 0, too.
    const [ifIdle, ifSilent] = [thread.rxPackets === 0n ? 0n : null, thread.txPackets === 0n ? 0n : null];
    const values = {
      iterations: thread.iterations ?? null,
      idleIterations: thread.idleIterations?.count ?? null,
      busyIterations: thread.busyIterations?.count ?? null,
      sleepIterations: thread.sleepIterations?.count ?? null,
      sleepUs: thread.sleepUs ?? null,
      usedCycles: thread.usedCycles?.count ?? null,
      // Printed as a share with one decimal only: no number to add up.
      busyCycles: null,
      rxPackets: thread.rxPackets ?? null,
      passes: thread.passes ?? ifIdle,
      emcHits: thread.emcHits ?? ifIdle,
      smcHits: thread.smcHits ?? ifIdle,
      megaflowHits: thread.megaflowHits ?? ifIdle,
      upcalls: thread.upcalls ?? ifIdle,
      lostUpcalls: thread.lostUpcalls ?? ifIdle,
      txPackets: thread.txPackets ?? null,
      txBatches: thread.txBatches ?? ifSilent,
    };
    into.close({
      kind: pmdSlot,
      own: {
        datapath,
        core,
        numa: thread.numa ?? numaUnknown,
        isolated: queues?.isIsolated === true ? 1 : 0,
        busyPpm: queues === undefined ? null : busyPpm(queues),
      },
      time,
      identity: identityOf(life.place, 'pmd', life.pid, life.startTicks, core),
      values,
      rules: Object.fromEntries(pmdSlot.counters.map((name) => [name, counter])) as Record<
        keyof typeof values,
        typeof counter
      >,
      ownPace: 'write',
    });
  }
}

/** Null until each share of it is told: right after queues were moved all are NOT AVAIL. */
function busyPpm({ queues, overheadPercent }: PmdRxqs): bigint | null {
  let sum = BigInt(overheadPercent ?? 0);
  for (const { usagePercent } of queues) {
    if (usagePercent === undefined) return null;
    sum += BigInt(usagePercent);
  }
  return sum * ppmOfPercent;
}

/** rxq_slot rows, from `pmd-rxq-show`; `portNames`: names in rows by the daemon's own. */
export function writeRxqs(
  {
    datapath,
    pmds,
    portNames,
    slot,
  }: {
    datapath: string;
    pmds: readonly PmdRxqs[];
    portNames: ReadonlyMap<string, string>;
    slot: number;
  },
  into: Accumulator,
): void {
  for (const { core, numa, queues } of pmds) {
    for (const { port, queue, isEnabled, usagePercent } of queues) {
      into.row(rxqSlot, {
        host: into.host,
        datapath,
        port: portNames.get(port) ?? port,
        queue,
        slot,
        core,
        numa,
        enabled: isEnabled === false ? 0 : 1,
        usagePpm: usagePercent === undefined ? null : BigInt(usagePercent) * ppmOfPercent,
      });
    }
  }
}
