import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { Logger } from '../../../core/runtime/logger.ts';
import type { Reply, Request } from './protocol.ts';

const entryFile = import.meta.url.endsWith('.ts') ? './main.ts' : './main.js';
const stderrLineMax = 2000;

/** Only V8's fast compiler for WebAssembly: 120 MB resident instead of 200 to 490, and no slower for short statements. */
const execArgv = ['--liftoff-only', '--max-semi-space-size=1'];

export interface StoreProcessOptions {
  readonly folder: string;
  readonly task: 'create' | 'serve';
  readonly openDeadlineMs: number;
  readonly logger: Logger;
  readonly onReply: (reply: Reply) => void;
}

/** One life of the embedded control store's process. */
export class StoreProcess {
  readonly #options: StoreProcessOptions;
  readonly #child: ChildProcess;
  readonly exited: Promise<void>;

  constructor(options: StoreProcessOptions) {
    this.#options = options;
    const { folder, task, logger } = options;
    this.#child = fork(fileURLToPath(new URL(entryFile, import.meta.url)), [folder, task], {
      execArgv,
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
        logger.warn({ line: line.slice(0, stderrLineMax) }, 'the control store wrote to stderr');
      });
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when it is ready; rejects with FN_FOLDER_LOCKED, FN_FOLDER or FN_CONTROL_AWAY, the process being gone then. */
  async opened(): Promise<string> {
    const { folder, task, openDeadlineMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<string>((resolve, reject) => {
        const away = (why: string) =>
          reject(new FourninesError('FN_CONTROL_AWAY', `the control store ${why}`, { context: { folder } }));
        timer = setTimeout(() => away(`did not open within ${openDeadlineMs} ms`), openDeadlineMs);
        // In the next turn, so that a reason which the process gave itself comes first.
        void this.exited.then(() => setImmediate(() => away('ended while it was opening')));
        this.#child.on('message', (message: Reply) => {
          if (message.type === 'ready') resolve(task === 'serve' ? message.version : this.exited.then(() => ''));
          else if (message.type === 'unopened') reject(openError(message, folder));
          else this.#options.onReply(message);
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

  send(request: Request): void {
    if (!this.#child.connected) throw new FourninesError('FN_CONTROL_AWAY', "the control store's process is gone");
    // A failed write means the process is ending: `exited` tells, and all calls are settled there.
    this.#child.send(request, () => undefined);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function openError({ code, message }: { code: string; message: string }, folder: string): FourninesError {
  const known = code === 'FN_FOLDER_LOCKED' || code === 'FN_FOLDER' ? code : 'FN_CONTROL_AWAY';
  return new FourninesError(known, message, { context: { folder } });
}
