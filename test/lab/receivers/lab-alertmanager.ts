import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type LabStateFile, removeLabFolder } from '../lab-state.ts';
import { LabProcess } from '../processes.ts';
import { programPath, runProgram } from '../programs.ts';
import { freePort, labFolder } from './lab-folder.ts';

const debianPackage = 'prometheus-alertmanager';
const startDeadlineMs = 30_000;
/** It tells nobody: it is asked. */
const config = 'route: { receiver: nobody, group_wait: 1s }\nreceivers: [{ name: nobody }]\n';

/** What `amtool alert query --output=json` tells of one alert, as far as it is read here. */
export interface QueriedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly updatedAt: string;
  readonly generatorURL: string;
}

/** Debian's Alertmanager in a folder of its own, on a free port of loopback, without a cluster. */
export class LabAlertmanager implements AsyncDisposable {
  readonly port: number;
  readonly #state: LabStateFile;
  #process: LabProcess | undefined;

  private constructor(state: LabStateFile, port: number) {
    this.#state = state;
    this.port = port;
  }

  static async start(): Promise<LabAlertmanager> {
    const lab = new LabAlertmanager(labFolder('alertmanager'), await freePort());
    writeFileSync(lab.#at('alertmanager.yml'), config);
    try {
      await lab.run();
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
    return lab;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it, again after `kill`: it has forgotten all alerts then. */
  async run(): Promise<void> {
    this.#process = await LabProcess.start(
      {
        name: 'alertmanager',
        program: programPath('prometheus-alertmanager', debianPackage),
        args: [
          `--config.file=${this.#at('alertmanager.yml')}`,
          `--storage.path=${this.#at('data')}`,
          `--web.listen-address=127.0.0.1:${this.port}`,
          '--cluster.listen-address=',
        ],
      },
      this.#state,
    );
    await this.#process.ready({ what: 'Alertmanager is ready', deadlineMs: startDeadlineMs }, async () => {
      const response = await fetch(`${this.url}/-/ready`, { signal: AbortSignal.timeout(2_000) });
      return response.ok;
    });
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
    this.#process = undefined;
  }

  /** What fires there, as `amtool alert query` prints it. */
  query(...matchers: readonly string[]): Promise<string> {
    return this.#amtool('simple', matchers);
  }

  async alerts(...matchers: readonly string[]): Promise<readonly QueriedAlert[]> {
    return JSON.parse(await this.#amtool('json', matchers)) as QueriedAlert[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    removeLabFolder(this.#state.folder);
  }

  #amtool(output: 'simple' | 'json', matchers: readonly string[]): Promise<string> {
    const args = [`--alertmanager.url=${this.url}`, `--output=${output}`, 'alert', 'query', ...matchers];
    return runProgram(programPath('amtool', debianPackage), args);
  }

  #at(name: string): string {
    return path.join(this.#state.folder, name);
  }
}
