import { mempoolSlot, pmdSlot } from '../../../core/catalogue/datapath-kinds.ts';
import type { Accumulator } from '../../accumulator.ts';
import { identityOf } from '../../slot.ts';
import type { Ethdev } from './ethdev.ts';
import type { ProcessReader } from './process-reader.ts';

/** NUMA node that was not told. */
const numaUnknown = 65_535;
/** TSC of one CPU: ten times the fastest there is. */
const cycles = { widthBits: 64, perSecondMax: 100_000_000_000n } as const;
const events = { widthBits: 64, perSecondMax: 100_000_000_000n } as const;

const portFacts = [
  'datapath',
  'driver',
  'type',
  'numa',
  'mac',
  'mtu',
  'rxQueues',
  'txQueues',
  'state',
  'xstatsCut',
  'queuesHidden',
] as const;
const processFacts = ['version', 'pid', 'prefix'] as const;

/** Pools and lcores of a process. */
export function tellProcess(reader: ProcessReader, boundary: number, into: Accumulator): void {
  const datapath = `dpdk:${reader.label}`;
  const { host } = into;
  for (const { name, size, free } of reader.table.pools) {
    // Told with the slot that its tick closes, as everything of that tick.
    into.row(mempoolSlot, { host, datapath, mempool: name, slot: boundary - 1, size, free });
  }
  const { lcores } = reader.table;
  if (lcores === undefined) return;
  for (const { lcore, total, busy } of lcores.usage) {
    into.close({
      kind: pmdSlot,
      own: { datapath, core: lcore, numa: numaUnknown, isolated: 0, busyPpm: null },
      time: lcores.time,
      identity: identityOf(...reader.identity, 'lcore', lcore),
      values: { ...noPmdCounters, usedCycles: total, busyCycles: busy },
      rules: pmdRules,
      ownPace: 'write',
    });
  }
}

const noPmdCounters = {
  iterations: null,
  idleIterations: null,
  busyIterations: null,
  sleepIterations: null,
  sleepUs: null,
  rxPackets: null,
  passes: null,
  emcHits: null,
  smcHits: null,
  megaflowHits: null,
  upcalls: null,
  lostUpcalls: null,
  txPackets: null,
  txBatches: null,
};

const pmdRules = {
  iterations: events,
  idleIterations: events,
  busyIterations: events,
  sleepIterations: events,
  sleepUs: events,
  usedCycles: cycles,
  busyCycles: cycles,
  rxPackets: events,
  passes: events,
  emcHits: events,
  smcHits: events,
  megaflowHits: events,
  upcalls: events,
  lostUpcalls: events,
  txPackets: events,
  txBatches: events,
};

/** Facts of a device; the collector writes each on change only. An empty value: not known. */
export function tellPortFacts(ethdev: Ethdev, label: string, into: Accumulator): void {
  const { info, driver, xstatsCutAt, queuesHidden } = ethdev;
  const values: Readonly<Record<(typeof portFacts)[number], string | number | undefined>> = {
    datapath: `dpdk:${label}`,
    driver,
    type: 'ethdev',
    numa: info.numa,
    mac: info.mac,
    mtu: info.mtu,
    rxQueues: info.rxQueues,
    txQueues: info.txQueues,
    state: stateOf(info),
    xstatsCut: xstatsCutAt === 0 ? undefined : xstatsCutAt,
    queuesHidden: queuesHidden === 0 ? undefined : queuesHidden,
  };
  for (const name of portFacts) into.fact(`port.${ethdev.port}.${name}`, String(values[name] ?? ''), '/ethdev/info');
}

export function tellProcessFacts({ label, connection, prefix }: ProcessReader, into: Accumulator): void {
  const values = { version: connection.version, pid: String(connection.pid), prefix };
  for (const name of processFacts) into.fact(`dpdk.${label}.${name}`, values[name], 'telemetry');
}

export function forgetPortFacts(port: string, into: Accumulator): void {
  for (const name of portFacts) into.fact(`port.${port}.${name}`, '', '/ethdev/info');
}

export function forgetProcessFacts(label: string, into: Accumulator): void {
  for (const name of processFacts) into.fact(`dpdk.${label}.${name}`, '', 'telemetry');
}

/** enum rte_eth_dev_state: 1 attached; what is attached is started or not. */
function stateOf({ state, isStarted }: Ethdev['info']): string | undefined {
  if (state !== undefined && state !== 1) return state === 2 ? 'removed' : 'unused';
  return isStarted === undefined ? undefined : isStarted ? 'started' : 'stopped';
}
