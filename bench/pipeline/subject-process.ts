import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Drain, Drained, FilledFile, Pids, Reply, Request, Setting, Sums } from './protocol.ts';

/** The process with the server's ingest, seen from the bench: one request at a time. */
export class SubjectProcess {
  readonly #child: ChildProcess;
  #pids: Pids | undefined;

  constructor(setting: Setting, execArgv: readonly string[]) {
    this.#child = fork(fileURLToPath(new URL('./subject.ts', import.meta.url)), [JSON.stringify(setting)], {
      serialization: 'advanced',
      execArgv: [...execArgv],
    });
  }

  async ready(): Promise<void> {
    this.#pids = (await this.#answer()) as Pids;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get pids(): Pids {
    if (this.#pids === undefined) throw new Error('the subject is not ready');
    return this.#pids;
  }

  drain(order: Omit<Drain, 'type'>): Promise<Drained> {
    return this.#ask({ type: 'drain', ...order }) as Promise<Drained>;
  }

  straight(token: string, files: readonly FilledFile[]): Promise<{ readonly ms: number }> {
    return this.#ask({ type: 'straight', token, files }) as Promise<{ ms: number }>;
  }

  sums(): Promise<Sums> {
    return this.#ask({ type: 'sums' }) as Promise<Sums>;
  }

  async bytesOnDisk(merged: boolean): Promise<number> {
    return ((await this.#ask({ type: 'disk', merged })) as { bytes: number }).bytes;
  }

  async clear(): Promise<void> {
    await this.#ask({ type: 'clear' });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    await this.#ask({ type: 'close' }).catch(() => this.#child.kill('SIGKILL'));
    await exited;
    clearTimeout(late);
  }

  #ask(request: Request): Promise<Answer> {
    this.#child.send(request);
    return this.#answer();
  }

  #answer(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const onEnd = () => reject(new Error('the subject ended'));
      this.#child.once('exit', onEnd);
      this.#child.once('message', (reply: Reply) => {
        this.#child.off('exit', onEnd);
        if ('failed' in reply) reject(new Error(reply.failed));
        else resolve(reply.answer);
      });
    });
  }
}
