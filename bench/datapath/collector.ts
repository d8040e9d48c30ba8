import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What a collector is to look at. */
export interface Order {
  readonly ovsRunDir: string;
  readonly dpdkRuntimeDirs: readonly string[];
  readonly sourcesOff: ('dpdk-telemetry' | 'kernel' | 'ovs' | 'thread')[];
}

/** One source in one tick. */
export interface SourceTold {
  readonly source: string;
  /** How the gather ended, with its error code. */
  readonly state: string;
  readonly rows: number;
  /** From the start of the gather to its end: sources gather side by side, and waiting for answers is in it. */
  readonly durationUs: number;
}

/** What came of a collector since it was last asked, the last minute at most. */
export interface Told {
  readonly ticks: number;
  readonly bytes: number;
  readonly rows: number;
  readonly counters: number;
  readonly sources: readonly SourceTold[];
}

/** The collector in a process of its own, which stays as warm while it is off as one that runs for years. */
export class CollectorProcess {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor(nodeOptions: readonly string[] = []) {
    const program = fileURLToPath(new URL('./subject.ts', import.meta.url));
    // Detached: a Ctrl-C at the terminal is the bench's to deal with. It ends with its input all the same.
    this.#child = spawn(process.execPath, [...nodeOptions, program], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async turnOn(order: Order): Promise<void> {
    await this.#say({ verb: 'on', order });
  }

  async turnOff(): Promise<void> {
    await this.#say({ verb: 'off' });
  }

  /** What came since the last question. */
  async told(): Promise<Told> {
    return JSON.parse(await this.#say({ verb: 'told' })) as Told;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await exited;
    clearTimeout(late);
  }

  async #say(what: { readonly verb: string; readonly order?: Order }): Promise<string> {
    const answer = once(this.#lines, 'line', { signal: AbortSignal.timeout(20_000) });
    this.#child.stdin?.write(`${JSON.stringify(what)}\n`);
    return String((await answer)[0]);
  }
}
