import { readFileSync } from 'node:fs';
import type { Lab } from '../../test/lab/lab.ts';
import { cpuNs } from '../telemetry/subject.ts';

/** CPU time of those who have to do with the collector, ns since they started; `atNs`: when it was read. */
export interface Cpu {
  readonly atNs: number;
  readonly collectorNs: number;
  /** Thread of the switch that answers questions. */
  readonly switchMainNs: number;
  readonly databaseNs: number;
  /** Threads of all DPDK programs that answer telemetry. */
  readonly telemetryNs: number;
}

function mainThreadNs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ')[0]);
}

const answersTelemetry = (name: string) => name === 'telemetry-v2' || name.startsWith('dpdk-telemet');

export function readCpu(lab: Lab, collectorPid: number | undefined): Cpu {
  const { switchProcess, databaseProcess } = lab.ovs;
  const programs = [
    switchProcess,
    lab.testpmd?.process,
    lab.wire?.process,
    ...lab.guests.map((guest) => guest.process),
  ];
  const switchPid = switchProcess?.pid ?? 0;
  return {
    atNs: performance.now() * 1e6,
    collectorNs: collectorPid === undefined ? 0 : cpuNs(collectorPid),
    switchMainNs: mainThreadNs(switchPid),
    databaseNs: cpuNs(databaseProcess?.pid ?? 0),
    telemetryNs: programs.reduce((sum, each) => sum + (each ? cpuNs(each.pid, answersTelemetry) : 0), 0),
  };
}

/** Share of a core, percent, from one reading to another. */
export function percentOf(key: Exclude<keyof Cpu, 'atNs'>, before: Cpu, after: Cpu): number {
  return (100 * (after[key] - before[key])) / (after.atNs - before.atNs);
}

export function rssMiB(pid: number): number {
  const line = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(line?.[1] ?? Number.NaN) / 1024;
}
