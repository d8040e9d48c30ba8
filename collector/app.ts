import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { LogSink } from '../core/bus/log.ts';
import { type Clock, sleepMs } from '../core/runtime/clock.ts';
import { FourninesError } from '../core/runtime/error.ts';
import type { Part } from '../core/runtime/lifecycle.ts';
import type { Logger } from '../core/runtime/logger.ts';
import type { NativeFacade } from '../native/facade.ts';
import { openNative } from '../native/open.ts';
import { Agent, type TickStream } from './agent.ts';
import type { CollectorConfig } from './config.ts';
import { EthdevOwners } from './ethdev-owners.ts';
import { choosePlacement, parseCpuList } from './placement.ts';
import { ProcessorThreads } from './processor-threads.ts';
import type { ReadResumed } from './resume.ts';
import { sources } from './sources/index.ts';
import { SpooledBus } from './spool/spooled-bus.ts';
import { VhostSockets } from './vhost-sockets.ts';

export interface CollectorParts {
  readonly config: Omit<CollectorConfig, 'spool'>;
  readonly sink: LogSink;
  /** Whose ticks these are; left out: a stream of this run alone, whose counters are not kept. */
  readonly stream?: TickStream;
  readonly readResumed: ReadResumed;
  readonly logger: Logger;
}

/** Wires a collector; nothing runs before `start`. */
export function makeCollector({ config, sink, stream, readResumed, logger }: CollectorParts): Agent {
  const { facade, missing } = openNative();
  if (missing !== null) logger.warn({ code: missing.code, hint: missing.hint }, missing.message);
  placeOnHousekeeping(facade, config, logger);
  const bootId = readBootId();
  const environment = {
    native: facade,
    place: `${bootId} ${networkNamespace()}`,
    procRoot: '/proc',
    stallHz: config.stallHz,
    ovsRunDir: config.ovs.runDir,
    dpdkRuntimeDirs: config.dpdk.runtimeDirs,
    qemuMonitors: config.qemu.monitors,
    ethdevOwners: new EthdevOwners(),
    vhostSockets: new VhostSockets(),
    processorThreads: new ProcessorThreads(),
  };
  return new Agent({
    host: config.host,
    bootId,
    sources: Object.entries(sources)
      .filter(([name]) => !config.sourcesOff.some((off) => off === name))
      .map(([, make]) => make(environment)),
    sink,
    clock: clockOf(facade),
    logger,
    sourceDeadlineMs: config.sourceDeadlineMs,
    readResumed,
    ...(stream === undefined ? {} : { stream }),
  });
}

export interface SpooledCollectorParts {
  readonly config: CollectorConfig;
  /** Where the spool lies when the configuration does not say. */
  readonly dataFolder: string;
  /** The bus. It must answer an append only when the record outlives this process: what it has answered is forgotten. */
  readonly sink: LogSink;
  readonly logger: Logger;
  /** Ticks that may wait for the bus's answer at once; more where it answers late, as a bus that stores first. */
  readonly inFlightMax?: number;
}

export interface SpooledCollector {
  /** In starting order. */
  readonly parts: readonly Part[];
  readonly agent: Agent;
  readonly spool: SpooledBus;
}

/** A collector whose ticks go through the spool on disk: they outlive a kill, and so do its counters. */
export function makeSpooledCollector(parts: SpooledCollectorParts): SpooledCollector {
  const { config, dataFolder, sink, logger, inFlightMax } = parts;
  const folder = config.spool.folder === '' ? join(dataFolder, 'spool') : config.spool.folder;
  const { host, spool: slice } = config;
  const spool = new SpooledBus({
    config: slice,
    folder,
    host,
    bootId: readBootId(),
    sink,
    logger,
    ...(inFlightMax === undefined ? {} : { inFlightMax }),
  });
  const readResumed: ReadResumed = (signal) => spool.readKept(signal);
  const agent = makeCollector({ config, sink: spool, stream: spool, readResumed, logger });
  return { parts: [spool, agent], agent, spool };
}

function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

function clockOf(native: NativeFacade): Clock {
  return {
    read: () => {
      const [wallNs, monoNs] = native.clocks();
      return { wallNs, monoNs };
    },
    sleep: sleepMs,
  };
}

/** The namespace's inode: "net:[4026531833]". A NIC number means another NIC in another namespace. */
function networkNamespace(): string {
  return readlinkSync('/proc/self/ns/net');
}

function placeOnHousekeeping(native: NativeFacade, config: Pick<CollectorConfig, 'cpus'>, logger: Logger): void {
  const isolated = [...readCpuList('isolated'), ...readCpuList('nohz_full')];
  const placement = choosePlacement(native.affinity(), isolated, config.cpus === 'auto' ? undefined : config.cpus);
  const fields = { cpus: placement.cpus.join(','), reason: placement.reason };
  if (placement.reason === 'noneIsolated') return;
  if (placement.reason === 'allIsolated') {
    logger.warn(fields, 'every CPU this process may use is isolated: the collector disturbs what it measures');
    return;
  }
  if (native.setAffinity(placement.cpus)) logger.info(fields, 'collector placed');
  else logger.warn(fields, 'the collector cannot place itself without the addon');
}

function readCpuList(name: string): number[] {
  try {
    return parseCpuList(readFileSync(`/sys/devices/system/cpu/${name}`, 'latin1')) ?? [];
  } catch (error) {
    // The file is there only on kernels built with the feature.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new FourninesError('FN_SOURCE', `the list of ${name} CPUs cannot be read`, { cause: error });
  }
}
