import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const installed = '/usr/lib/postgresql';
const password = 'lab';
const startDeadlineMs = 30_000;

/** Folder of the newest PostgreSQL that Debian has installed, or undefined: apt-get install postgresql. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(installed)) return undefined;
  const versions = readdirSync(installed).filter((name) => existsSync(join(installed, name, 'bin', 'postgres')));
  const newest = versions.sort((a, b) => Number(a) - Number(b)).at(-1);
  return newest === undefined ? undefined : join(installed, newest, 'bin');
}

/**
 * A PostgreSQL of one's own: a private folder, a free port on loopback, passwords and TLS on. It is never the machine's
 * service. PostgreSQL refuses to run as root, so then it runs as the user postgres.
 */
export class LabPostgres implements AsyncDisposable {
  readonly port: number;
  readonly folder: string;
  readonly #programs: string;
  #server: { readonly pid: number; readonly exited: Promise<void> } | undefined;

  private constructor(programs: string, folder: string, port: number) {
    this.#programs = programs;
    this.folder = folder;
    this.port = port;
  }

  /** Made and started; about two seconds. */
  static async start(): Promise<LabPostgres> {
    const programs = postgresPrograms();
    if (programs === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
    const folder = mkdtempSync(join(tmpdir(), 'fn-postgres-'));
    if (process.getuid?.() === 0) execFileSync('chown', ['postgres:', folder]);
    const lab = new LabPostgres(programs, folder, await freePort());
    lab.#make();
    await lab.run();
    return lab;
  }

  get options() {
    return { host: '127.0.0.1', port: this.port, database: 'postgres', user: 'postgres', password };
  }

  /** PEM of the authority that signed the server's certificate, which is for `localhost`. */
  get ca(): string {
    return readFileSync(join(this.folder, 'server.crt'), 'utf8');
  }

  get pid(): number {
    if (this.#server === undefined) throw new Error('this PostgreSQL does not run');
    return this.#server.pid;
  }

  /** Starts it, again after `kill`. */
  async run(): Promise<void> {
    const data = join(this.folder, 'data');
    const settings = [
      `port=${this.port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${this.folder}`,
      'shared_buffers=16MB',
      'max_connections=40',
      'ssl=on',
      `ssl_cert_file=${join(this.folder, 'server.crt')}`,
      `ssl_key_file=${join(this.folder, 'server.key')}`,
    ].flatMap((setting) => ['-c', setting]);
    const [program, args] = asPostgres([join(this.#programs, 'postgres'), '-D', data, ...settings]);
    const child = spawn(program, args, { stdio: 'ignore', cwd: this.folder });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#server = { pid: child.pid as number, exited };
    const end = Date.now() + startDeadlineMs;
    while (!this.#answers()) {
      if (Date.now() > end) throw new Error('PostgreSQL did not start');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** kill -9 of the server and its own processes: one that is in a statement would outlive it and hold its memory. */
  async kill(): Promise<void> {
    if (this.#server === undefined) return;
    const { pid, exited } = this.#server;
    const children = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter(Boolean);
    process.kill(pid, 'SIGKILL');
    await exited;
    this.#server = undefined;
    for (const child of children) await endOf(Number(child));
    rmSync(join(this.folder, 'data', 'postmaster.pid'), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #answers(): boolean {
    const args = ['-h', '127.0.0.1', '-p', String(this.port), '-q'];
    return spawnSync(join(this.#programs, 'pg_isready'), args).status === 0;
  }

  #make(): void {
    const at = (name: string) => join(this.folder, name);
    writeFileSync(at('password'), password, { mode: 0o644 });
    const run = (command: readonly string[]) => {
      const [program, args] = asPostgres(command);
      execFileSync(program, args, { stdio: 'pipe', cwd: this.folder });
    };
    run([
      join(this.#programs, 'initdb'),
      ...['-D', at('data'), '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', at('password'), '-N', '-E', 'UTF8'],
    ]);
    run([
      'openssl',
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-keyout', at('server.key'), '-out', at('server.crt'), '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost'],
    ]);
  }
}

function asPostgres(command: readonly string[]): [string, string[]] {
  const [program = '', ...args] = command;
  if (process.getuid?.() !== 0) return [program, args];
  // setpriv becomes the program itself, so that the pid is the server's.
  return ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', '--pdeathsig=KILL', program, ...args]];
}

async function endOf(pid: number): Promise<void> {
  const end = Date.now() + startDeadlineMs;
  while (Date.now() < end) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
