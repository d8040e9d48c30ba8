import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A folder with the compiled peer; disposed of as a whole. */
export class PeerFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'fn-telemetry-'));
  readonly #program = join(this.path, 'peer');
  #made = 0;

  constructor() {
    const source = fileURLToPath(new URL('./telemetry-peer.cc', import.meta.url));
    const compiler = process.env['CXX'] || 'g++';
    const flags = ['-std=c++17', '-O1', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror'];
    const { status, stderr } = spawnSync(compiler, [...flags, source, '-o', this.#program], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the peer did not compile: ${stderr}`);
  }

  /** A path that no socket has yet. */
  freshPath(): string {
    return join(this.path, `s${++this.#made}`);
  }

  async start(behaviour: Behaviour = {}, path: string = this.freshPath()): Promise<ScriptedPeer> {
    const peer = new ScriptedPeer(
      spawn(this.#program, [path], { stdio: ['pipe', 'pipe', 'inherit'] }),
      path,
      behaviour,
    );
    await peer.until(() => peer.isListening, 'the peer listens');
    return peer;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface Behaviour {
  /** Says the usual handshake to each client; or this one; or nothing. */
  readonly handshake?: string | null;
  /** What it answers at once, one datagram each; nothing unless given. */
  readonly answer?: (command: string, client: number) => readonly string[];
}

const usualHandshake = '{"version":"DPDK 99.01.0","pid":4711,"max_output_len":16384}';

/** The other side of a telemetry socket, whose every datagram a test decides. */
export class ScriptedPeer implements AsyncDisposable {
  readonly path: string;
  readonly commands: string[] = [];
  clients = 0;
  ended = 0;
  /** Clients that went while an answer, or the handshake, was to come. */
  early = 0;
  isListening = false;
  readonly #child: ChildProcess;
  readonly #exit: Promise<void>;
  #waiters: (() => void)[] = [];

  constructor(child: ChildProcess, path: string, { handshake = usualHandshake, answer = () => [] }: Behaviour) {
    this.path = path;
    this.#child = child;
    this.#exit = new Promise((resolve) => {
      child.once('exit', () => resolve());
    });
    if (child.stdout === null) throw new Error('no output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [what, number, hex = ''] = line.split(' ');
      const client = Number(number);
      if (what === 'listening') this.isListening = true;
      if (what === 'end') this.ended++;
      if (what === 'early') this.early++;
      if (what === 'open') {
        this.clients++;
        if (handshake !== null) this.say(client, handshake);
      }
      if (what === 'got') {
        const command = Buffer.from(hex, 'hex').toString();
        this.commands.push(command);
        for (const text of answer(command, client)) this.say(client, text);
      }
      this.#wake();
    });
  }

  say(client: number, datagram: string | Buffer): void {
    this.#child.stdin?.write(`say ${client} ${Buffer.from(datagram).toString('hex')}\n`);
  }

  shut(client: number): void {
    this.#child.stdin?.write(`shut ${client}\n`);
  }

  /** Closes the listening socket; the file stays. */
  stopListening(): void {
    this.#child.stdin?.write('deaf\n');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for a condition on what the peer has seen. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = AbortSignal.timeout(10_000);
    while (!condition()) {
      if (deadline.aborted) throw new Error(`not in time: ${what}`);
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Ends it by the end of its input, and waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    this.#child.kill('SIGCONT');
    await this.#exit;
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}
