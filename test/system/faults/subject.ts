import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Armed, Order } from './fuse.ts';

const stderrBytesMax = 20_000;

/** A running subject of the harness. */
export class Subject {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #stderr = '';

  constructor(program: string, options: object, onTold: (message: unknown) => void, armed?: Armed) {
    const args = [program, JSON.stringify(options), ...(armed === undefined ? [] : [JSON.stringify(armed)])];
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#exited = once(this.#child, 'exit');
    this.#child.on('message', onTold);
    // An order to one that has just been killed.
    this.#child.on('error', () => undefined);
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-stderrBytesMax);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Not null: it has ended by itself. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** What it wrote to stderr, its end. */
  get stderr(): string {
    return this.#stderr;
  }

  order(order: Order): void {
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }

  arm(armed: Armed | undefined): void {
    this.order({ what: 'arm', armed });
  }

  /** Waits for its end; the exit code, or the signal's name. */
  async end(): Promise<number | string> {
    await this.#exited;
    return this.#child.exitCode ?? this.#child.signalCode ?? 'unknown';
  }

  async kill(): Promise<void> {
    if (this.isRunning) this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

/** A process that `parent` has started and whose command line names `program`. */
export function childOf(parent: number, program: string): number | undefined {
  try {
    const list = execFileSync('ps', ['--ppid', String(parent), '-o', 'pid=,args='], { encoding: 'utf8' });
    const line = list.split('\n').find((each) => each.includes(program));
    return line === undefined ? undefined : Number(line.trim().split(/\s+/)[0]);
  } catch {
    // It has no child (yet).
    return undefined;
  }
}

/** False: it is gone. 0 only looks. */
export function signalTo(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
