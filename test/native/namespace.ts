import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

const probeFile = fileURLToPath(new URL('./probe.ts', import.meta.url));

export interface ProbedLink {
  readonly name: string;
  readonly ifindex: number;
  readonly flags: number;
  readonly mtu: number;
  readonly master: number;
  readonly lower: number;
  readonly linkKind: string;
  readonly memberKind: string;
  readonly counters: Readonly<Record<string, string>>;
}

export interface Look {
  readonly procNetDev: string;
  readonly links: readonly ProbedLink[];
  readonly qdiscs: readonly { kind: string; ifindex: number; drops: string }[] | null;
  readonly queueRows: number | null;
  readonly ethtoolNames: Readonly<Record<string, readonly string[] | null>>;
}

/** Runs a command; throws with its output when it fails. */
function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? ''}${stdout}${stderr}`);
  return stdout;
}

export function isThere(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

/** Skips a test with a printed reason; on the build machine, where nothing may be missing, fails instead. */
export function skipWithout(context: TestContext, condition: boolean, reason: string): void {
  if (condition) return;
  if (process.env['CI'] === 'true') throw new Error(`not tested: ${reason}`);
  sayUntested(context, reason);
  context.skip(reason);
}

/** Prints what a test leaves out. */
export function sayUntested(context: TestContext, reason: string): void {
  process.stderr.write(`not tested: ${context.task.name}: ${reason}\n`);
}

/** Whether this machine lets us make network namespaces. */
export function canMakeNamespaces(): boolean {
  return process.getuid?.() === 0 && isThere('ip') && isThere('tc');
}

let made = 0;

/** A fresh network namespace without IPv6 (whose router solicitations would be traffic). Disposed of by name. */
export class Namespace implements Disposable {
  readonly name = `fn-test-${process.pid}-${++made}`;

  constructor() {
    run('ip', 'netns', 'add', this.name);
    this.exec(
      'sh',
      '-c',
      'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6',
    );
  }

  ip(line: string): void {
    run('ip', '-n', this.name, ...line.split(' '));
  }

  /** Whether the kernel knows what the line asks for. */
  tries(line: string): boolean {
    return spawnSync('ip', ['-n', this.name, ...line.split(' ')]).status === 0;
  }

  exec(...command: string[]): string {
    return run('ip', 'netns', 'exec', this.name, ...command);
  }

  look(form: string, ...nics: string[]): Look {
    return JSON.parse(this.exec(process.execPath, probeFile, form, 'look', ...nics));
  }

  send(address: string, count: number, bytes: number): void {
    this.exec(process.execPath, probeFile, 'none', 'send', address, String(count), String(bytes));
  }

  [Symbol.dispose](): void {
    spawnSync('ip', ['netns', 'del', this.name]);
  }
}

/** Namespaces that a test left behind when it was cut off. */
export function removeNamespaces(): void {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  for (const name of (stdout ?? '').split('\n').map((line) => line.split(' ')[0] ?? '')) {
    if (name.startsWith(`fn-test-${process.pid}-`)) spawnSync('ip', ['netns', 'del', name]);
  }
}

/** Affinity of a probe process of its own after it restricted itself to `cpu`. */
export function probeAffinity(form: string, cpu: number): { isSet: boolean; affinity: number[] } {
  return JSON.parse(run(process.execPath, probeFile, form, 'affinity', String(cpu)));
}
