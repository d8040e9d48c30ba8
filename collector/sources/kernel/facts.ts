import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Link, NativeFacade } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';
import type { NicFailures } from './nic-failures.ts';

// Read once: os.cpus() walks every CPU, and none changes while a kernel runs.
const cpuModel = os.cpus()[0]?.model.trim() ?? '';

const upFlag = 1;
const runningFlag = 64;

const portFacts = ['ifindex', 'admin', 'carrier', 'mtu', 'kind', 'master', 'driver'] as const;

/** A NIC that is gone, or has another name now: its facts are no longer there, which is told once. */
export function forgetFacts(port: string, into: Accumulator): void {
  for (const name of portFacts) into.fact(`port.${port}.${name}`, '', 'netlink');
}

/** Facts about the host and its NICs. The slow ones only when `all`; the collector writes each on change only. */
export function writeFacts(
  native: NativeFacade,
  failures: NicFailures,
  links: readonly Link[],
  all: boolean,
  into: Accumulator,
): void {
  for (const link of links) {
    const fact = (name: (typeof portFacts)[number], value: string, witness = 'netlink') =>
      into.fact(`port.${link.name}.${name}`, value, witness);
    fact('ifindex', String(link.ifindex));
    fact('admin', (link.flags & upFlag) === 0 ? 'down' : 'up');
    fact('carrier', (link.flags & runningFlag) === 0 ? 'down' : 'up');
    fact('mtu', String(link.mtu));
    fact('kind', link.linkKind);
    fact('master', links.find(({ ifindex }) => ifindex === link.master)?.name ?? '');
    if (!all) continue;
    const driver = failures.ask(link, 'driver', () => native.ethtoolDriver(link.name), into);
    // Unknown now: what was said before stands.
    if (driver !== undefined) fact('driver', driver ?? '', 'ethtool');
  }
  if (!all) return;
  into.fact('kernel.release', os.release(), 'uname');
  into.fact('host.name', os.hostname(), 'uname');
  into.fact('cpu.count', String(os.availableParallelism()), 'sched_getaffinity');
  into.fact('cpu.model', cpuModel, '/proc/cpuinfo');
  into.fact('memory.bytes', String(os.totalmem()), '/proc/meminfo');
  into.fact('cpu.isolated', readOr('/sys/devices/system/cpu/isolated'), '/sys/devices/system/cpu/isolated');
  into.fact('cpu.nohzFull', readOr('/sys/devices/system/cpu/nohz_full'), '/sys/devices/system/cpu/nohz_full');
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim().replace('(null)', '');
  } catch {
    // The file is there only on kernels with the feature; without it there is nothing to say.
    return '';
  }
}
