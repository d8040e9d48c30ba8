import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { LabError } from './lab-error.ts';
import type { LabStateFile } from './lab-state.ts';
import { isAlive, type ProcessId, signalProcess, startTicksOf, threadStatesOf } from './process-id.ts';
import { plainEnvironment, programPath } from './programs.ts';
import { until, type Wait } from './waiting.ts';

export interface ProcessSpec {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** In a network namespace of its own, which goes away with the process. Needs root. */
  readonly ownNetwork?: boolean;
  /** In the network namespace of this process. */
  readonly networkOf?: number | undefined;
}

/** A program of the lab. It dies with the thread that started it, so a kill -9 of the lab leaves none behind. */
export class LabProcess implements ProcessId {
  readonly name: string;
  readonly pid: number;
  readonly startTicks: string;
  readonly logFile: string;
  /** Open as long as the lab lives; the generators and testpmd end when it closes. */
  readonly input: Writable;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(spec: ProcessSpec, logFile: string, child: ChildProcess, state: LabStateFile) {
    this.name = spec.name;
    this.logFile = logFile;
    this.#child = child;
    this.#exited = once(child, 'exit');
    this.pid = child.pid ?? 0;
    this.startTicks = startTicksOf(this.pid) ?? '';
    if (child.stdin === null)
      throw new LabError(1, `${spec.name} has no input`, { hint: 'This is a mistake of the lab.' });
    this.input = child.stdin;
    // A program that ends while something is written to it is seen by its exit.
    this.input.on('error', () => undefined);
    state.addProcess(this.name, { pid: this.pid, startTicks: this.startTicks });
    void this.#exited.then(() => state.removeProcess(this.pid));
  }

  static async start(spec: ProcessSpec, state: LabStateFile): Promise<LabProcess> {
    const setpriv = programPath('setpriv', 'util-linux');
    const logFile = path.join(state.folder, 'log', `${spec.name}.out`);
    const log = openSync(logFile, 'a');
    try {
      const child = spawn(setpriv, ['--pdeathsig', 'KILL', '--', ...networkCommand(spec), spec.program, ...spec.args], {
        env: { ...plainEnvironment, ...spec.env },
        cwd: state.folder,
        stdio: ['pipe', log, log],
        // A Ctrl-C at the terminal goes to the lab alone, which ends its programs in order.
        detached: true,
      });
      await once(child, 'spawn');
      return new LabProcess(spec, logFile, child, state);
    } finally {
      closeSync(log);
    }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && isAlive(this);
  }

  /** Waits for a condition, and no longer than the process lives. */
  async ready<T>(wait: Wait, check: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
    let died = false;
    const found = await until<{ value: T } | 'died'>({ hint: () => this.lastWords(), ...wait }, async () => {
      died = !this.isRunning;
      if (died) return 'died';
      const value = await check();
      return value === undefined || value === false ? undefined : { value };
    });
    if (found !== 'died') return found.value;
    throw new LabError(1, `${this.name} ended before ${wait.what}`, { hint: this.lastWords() });
  }

  signal(signal: NodeJS.Signals): boolean {
    return signalProcess(this, signal);
  }

  /** SIGSTOP, and waits until its last thread stands; `signal('SIGCONT')` lets it go on. */
  async pause(): Promise<void> {
    this.signal('SIGSTOP');
    await until({ what: `${this.name} stands`, deadlineMs: 5000, everyMs: 2 }, () => {
      const states = threadStatesOf(this.pid);
      return states.length > 0 && states.every((state) => state === 'T');
    });
  }

  /** Waits until it has ended by itself; kills it when it has not within `deadlineMs`. */
  async ended(deadlineMs: number): Promise<void> {
    const late = setTimeout(() => this.signal('SIGKILL'), deadlineMs);
    await this.#exited;
    clearTimeout(late);
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#exited;
  }

  /** Asks it to end and kills it when it has not within `deadlineMs`. */
  async stop(deadlineMs = 3000): Promise<void> {
    if (!this.isRunning) return;
    this.signal('SIGTERM');
    await this.ended(deadlineMs);
  }

  /** The end of what it printed. */
  lastWords(): string {
    const printed = readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-6).join('\n  ');
    return `${this.logFile} ends with:\n  ${printed}`;
  }
}

function networkCommand({ ownNetwork, networkOf }: ProcessSpec): readonly string[] {
  if (ownNetwork === true) return [programPath('unshare', 'util-linux'), '--net', '--'];
  if (networkOf === undefined) return [];
  return [programPath('nsenter', 'util-linux'), `--net=/proc/${networkOf}/ns/net`, '--'];
}
