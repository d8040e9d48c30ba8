import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Lab } from './lab.ts';
import type { LabStateFile } from './lab-state.ts';
import { LabProcess } from './processes.ts';

const cli = path.resolve(import.meta.dirname, '../../cli/main.ts');

/**
 * Starts the product beside a lab, looking at the lab's folders, and gives it with the page's address. `broker`: a Kafka
 * that stands between collector and server; none: the bus is inside the process.
 */
export async function startProduct(
  lab: Lab,
  state: LabStateFile,
  port: number,
  signal: AbortSignal,
  broker?: { readonly host: string; readonly port: number },
): Promise<{ readonly process: LabProcess; readonly url: string }> {
  const config = path.join(lab.folder, 'fournines.yaml');
  const qemu = { monitors: lab.machine === undefined ? [] : [lab.machine.qmpSocket] };
  const collector = { ovs: { runDir: lab.ovs.runDir }, dpdk: { runtimeDirs: [lab.dpdkRuntimeDir] }, qemu };
  const bus = broker === undefined ? {} : { kafka: { brokers: [`${broker.host}:${broker.port}`] } };
  writeFileSync(config, stringify({ data: path.join(lab.folder, 'data'), bus, collector }));
  const started = await LabProcess.start(
    {
      name: 'fournines',
      program: process.execPath,
      args: [cli, 'up', '--config', config, '--port', String(port)],
    },
    state,
  );
  const url = await started.ready({ what: 'the page is served', deadlineMs: 60_000, signal }, () => {
    return /^Fournines: (http\S+)$/m.exec(readFileSync(started.logFile, 'utf8'))?.[1];
  });
  return { process: started, url };
}
