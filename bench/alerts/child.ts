import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

type Reply = { readonly answer: unknown } | { readonly failed: string };

/** A process of the bench, seen from outside: one request at a time. */
export class Child<Request extends { readonly type: string }> {
  readonly #name: string;
  readonly #child: ChildProcess;

  constructor(name: 'receivers' | 'subject' | 'storm', execArgv: readonly string[] = []) {
    this.#name = name;
    this.#child = fork(fileURLToPath(new URL(`./${name}.ts`, import.meta.url)), [], {
      serialization: 'advanced',
      execArgv: [...execArgv],
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  ask<Answer>(request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const onEnd = () => reject(new Error(`the process of ${this.#name} ended`));
      this.#child.once('exit', onEnd);
      this.#child.once('message', (reply: Reply) => {
        this.#child.off('exit', onEnd);
        if ('failed' in reply) reject(new Error(`${this.#name}: ${reply.failed}`));
        else resolve(reply.answer as Answer);
      });
      this.#child.send(request);
    });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    await this.ask({ type: 'close' } as Request).catch(() => this.#child.kill('SIGKILL'));
    await exited;
    clearTimeout(late);
  }
}

/** The other end: answers requests one after the other, and ends with whoever started it. */
export function serve<Request extends { readonly type: string }>(answer: (request: Request) => Promise<unknown>): void {
  process.on('disconnect', () => process.exit(1));
  process.on('message', (request: Request) => {
    void answer(request).then(
      (given) => process.send?.({ answer: given }, () => (request.type === 'close' ? process.exit(0) : undefined)),
      (error: unknown) => process.send?.({ failed: error instanceof Error ? (error.stack ?? error.message) : error }),
    );
  });
}
