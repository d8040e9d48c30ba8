import { existsSync } from 'node:fs';
import path from 'node:path';
import { removeHugepageFiles } from './hugepages.ts';
import type { LabStateFile } from './lab-state.ts';
import { LabProcess } from './processes.ts';
import { programPath } from './programs.ts';

export interface TestpmdOptions {
  /** Null ports: an endless source and a bottomless sink. */
  readonly ports: number;
  readonly rxQueues: number;
  readonly txQueues: number;
  readonly name?: string;
}

/** Memory of a testpmd, MiB. */
export const testpmdMemoryMiB = 256;

/** DPDK's own test program with null ports: a process that is not ours and answers telemetry. It forwards nothing. */
export class Testpmd {
  readonly prefix: string;
  readonly telemetrySocket: string;
  readonly #options: TestpmdOptions;
  readonly #state: LabStateFile;
  #process: LabProcess | undefined;

  constructor(state: LabStateFile, options: TestpmdOptions) {
    this.#options = options;
    this.#state = state;
    this.prefix = `${state.state.id}-${options.name ?? 'testpmd'}`;
    this.telemetrySocket = path.join(state.folder, 'dpdk', this.prefix, 'dpdk_telemetry.v2');
  }

  get process(): LabProcess | undefined {
    return this.#process;
  }

  async launch(signal?: AbortSignal): Promise<void> {
    const { ports, rxQueues, txQueues, name = 'testpmd' } = this.#options;
    removeHugepageFiles(`${this.prefix}map`);
    const devices = Array.from({ length: ports }, (_, index) => ['--vdev', `net_null${index}`]).flat();
    const started = await LabProcess.start(
      {
        name,
        program: programPath('dpdk-testpmd', 'dpdk-dev'),
        args: [
          ...['-l', '0,1', '--main-lcore', '0', `--file-prefix=${this.prefix}`, '-m', String(testpmdMemoryMiB)],
          ...['--no-pci', ...devices, '--', '--nb-cores=1', '--total-num-mbufs=16384', '-i'],
          ...[`--rxq=${rxQueues}`, `--txq=${txQueues}`],
        ],
        env: { RUNTIME_DIRECTORY: this.#state.folder },
      },
      this.#state,
    );
    this.#process = started;
    await started.ready({ what: 'testpmd listens', deadlineMs: 20_000, signal }, () =>
      existsSync(this.telemetrySocket),
    );
  }

  /** A line at its prompt. What it prints goes to its log, in blocks. */
  command(line: string): void {
    this.#process?.input.write(`${line}\n`);
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async shutdown(): Promise<void> {
    await this.#process?.stop();
    removeHugepageFiles(`${this.prefix}map`);
  }
}
