import type { NativeFacade } from '../../native/facade.ts';
import type { EthdevOwners } from '../ethdev-owners.ts';
import type { ProcessorThreads } from '../processor-threads.ts';
import type { Source } from '../source.ts';
import type { VhostSockets } from '../vhost-sockets.ts';
import { DpdkTelemetrySource } from './dpdk-telemetry/source.ts';
import { KernelSource } from './kernel/source.ts';
import { OvsSource } from './ovs/source.ts';
import { ThreadSource } from './thread/source.ts';
import { VringSource } from './vring/source.ts';

export interface SourceEnvironment {
  readonly native: NativeFacade;
  /** Boot id and network namespace. */
  readonly place: string;
  readonly procRoot: string;
  readonly stallHz: number;
  readonly ovsRunDir: string;
  readonly dpdkRuntimeDirs: readonly string[];
  /** Sockets of QEMU's monitors, and folders of such. */
  readonly qemuMonitors: readonly string[];
  readonly ethdevOwners: EthdevOwners;
  readonly vhostSockets: VhostSockets;
  readonly processorThreads: ProcessorThreads;
}

/** Every source there is, in alphabetical order. Adding one: its folder and one line here. */
export const sources: Readonly<Record<string, (environment: SourceEnvironment) => Source>> = {
  'dpdk-telemetry': (environment) => new DpdkTelemetrySource(environment),
  kernel: (environment) => new KernelSource(environment),
  ovs: (environment) => new OvsSource(environment),
  thread: (environment) => new ThreadSource(environment),
  vring: (environment) => new VringSource(environment),
};
