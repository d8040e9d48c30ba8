import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCertificates } from '../kafka/certificates.ts';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));
const startDeadlineMs = 30_000;
const user = 'lab';
const password = 'lab-secret';
const database = 'fournines';

/** A ClickHouse of one's own as far as a client can tell: chDB behind HTTP, in a process and a folder of its own. */
export class ClickHouseFront implements AsyncDisposable {
  readonly folder: string;
  #child: ChildProcess | undefined;
  #port = 0;
  /** Of the authority that signed its certificate; empty: it speaks without encryption. */
  readonly caFile: string;

  readonly #databases: readonly string[];

  private constructor(folder: string, caFile: string, databases: readonly string[]) {
    this.folder = folder;
    this.caFile = caFile;
    this.#databases = [database, ...databases];
  }

  static async start({ isSecure = false, databases = [] as readonly string[] } = {}): Promise<ClickHouseFront> {
    const folder = mkdtempSync(join(tmpdir(), 'fn-clickhouse-'));
    const front = new ClickHouseFront(folder, isSecure ? (await makeCertificates(folder)).caFile : '', databases);
    writeFileSync(front.passwordFile, `${password}\n`);
    await front.run();
    return front;
  }

  get url(): string {
    return this.caFile === '' ? `http://127.0.0.1:${this.#port}` : `https://localhost:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get options() {
    return { url: this.url, database, user, password };
  }

  get passwordFile(): string {
    return join(this.folder, 'password');
  }

  /** What `server.store` of a configuration has to say. */
  get config() {
    return { kind: 'clickhouse' as const, url: this.url, database, user, passwordFile: this.passwordFile };
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('this front does not run');
    return this.#child.pid;
  }

  /** Starts it, again at the same port after `kill`. */
  async run(): Promise<void> {
    const args = ['--folder', join(this.folder, 'data'), '--port', String(this.#port)];
    const child = fork(
      program,
      [
        ...args,
        '--user',
        `${user}:${password}`,
        ...this.#databases.flatMap((name) => ['--database', name]),
        ...this.#pem,
      ],
      {
        execArgv: [],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: { ...process.env, UV_THREADPOOL_SIZE: '24' },
      },
    );
    this.#child = child;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const timer = setTimeout(() => reject(new Error('the front did not start')), startDeadlineMs);
    child.once('message', (port) => resolve(Number(port)));
    child.once('exit', (code) => reject(new Error(`the front ended with ${code}`)));
    this.#port = await promise.finally(() => clearTimeout(timer));
  }

  get #pem(): readonly string[] {
    return this.caFile === '' ? [] : ['--pem', join(this.folder, 'server.pem')];
  }

  /** kill -9 */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
