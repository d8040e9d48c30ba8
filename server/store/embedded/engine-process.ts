import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { Logger } from '../../../core/runtime/logger.ts';
import { translateOpenError } from '../store-error.ts';
import type { Reply, Request } from './protocol.ts';

const childFile = import.meta.url.endsWith('.ts') ? './child.ts' : './child.js';
const stderrLineMax = 2000;
const stderrLinesKept = 20;

export interface EngineProcessOptions {
  readonly path: string;
  readonly openDeadlineMs: number;
  readonly logger: Logger;
  readonly onReply: (reply: Reply) => void;
  /** Once, when the process has ended after it was ready. */
  readonly onExit: () => void;
}

/** One life of the engine's process. */
export class EngineProcess {
  readonly #options: EngineProcessOptions;
  readonly #child: ChildProcess;
  /** Its output is read to the end by then. */
  readonly exited: Promise<void>;
  readonly #stderrLines: string[] = [];

  constructor(options: EngineProcessOptions) {
    this.#options = options;
    this.#child = fork(fileURLToPath(new URL(childFile, import.meta.url)), [options.path], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      // 'close' does not follow when the process could not be made.
      this.#child.once('error', () => resolve());
    });
    if (this.#child.stderr !== null) {
      createInterface({ input: this.#child.stderr }).on('line', (line) => {
        if (this.#stderrLines.push(line) > stderrLinesKept) this.#stderrLines.shift();
        options.logger.warn({ line: line.slice(0, stderrLineMax) }, 'the store engine wrote to stderr');
      });
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves with the engine's version; rejects with FN_FOLDER_LOCKED or FN_STORE_AWAY, the process being gone then. */
  async opened(): Promise<string> {
    const { path, openDeadlineMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<string>((resolve, reject) => {
        const away = (why: string) =>
          reject(new FourninesError('FN_STORE_AWAY', `the store's engine ${why}`, { context: { path } }));
        timer = setTimeout(() => away(`did not open within ${openDeadlineMs} ms`), openDeadlineMs);
        // In the next turn, so that a reason which the process gave itself comes first.
        void this.exited.then(() => setImmediate(() => away('ended while it was opening')));
        this.#child.on('message', (reply: Reply) => {
          if (reply.type === 'ready') resolve(reply.version);
          else if (reply.type === 'unopened') void this.exited.then(() => reject(this.#unopened(reply.message)));
          else this.#options.onReply(reply);
        });
      });
    } catch (error) {
      this.kill();
      await this.exited;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** chDB writes the engine's own words, with their code, to stderr only. */
  #unopened(message: string): FourninesError {
    return translateOpenError([message, ...this.#stderrLines].join('\n'), this.#options.path);
  }

  /** From now on the end of the process is told to `onExit`. */
  watch(): void {
    void this.exited.then(() => this.#options.onExit());
  }

  send(request: Request): void {
    if (!this.#child.connected) throw new FourninesError('FN_STORE_AWAY', "the store's engine is gone");
    // A failed write means the process is ending: `exited` tells, and all calls are settled there.
    this.#child.send(request, () => undefined);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
