import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/** Runs a program to its end; its stderr goes into the error. */
export function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Two network namespaces of our own, joined by a veth pair: `near` has fn0, `far` has fn1. Needs root. */
export interface TwoNamespaces {
  readonly near: string;
  readonly far: string;
  /** Hardware address of fn1. */
  readonly farAddress: string;
  remove(): void;
}

export function makeNamespaces(): TwoNamespaces {
  const id = randomBytes(3).toString('hex');
  const [near, far] = [`fn-near-${id}`, `fn-far-${id}`];
  const remove = () => {
    for (const name of [near, far]) {
      try {
        run('ip', 'netns', 'delete', name);
      } catch {
        // Never made, or gone already.
      }
    }
  };
  try {
    for (const name of [near, far]) {
      run('ip', 'netns', 'add', name);
      // Neighbour discovery would put packets of its own on the wire.
      run(
        'ip',
        'netns',
        'exec',
        name,
        'sysctl',
        '-qw',
        'net.ipv6.conf.all.disable_ipv6=1',
        'net.ipv6.conf.default.disable_ipv6=1',
      );
      run('ip', '-n', name, 'link', 'set', 'lo', 'up');
    }
    run('ip', '-n', near, 'link', 'add', 'fn0', 'type', 'veth', 'peer', 'name', 'fn1', 'netns', far);
    run('ip', '-n', near, 'address', 'add', '10.99.0.1/24', 'dev', 'fn0');
    run('ip', '-n', near, 'link', 'set', 'fn0', 'up');
    run('ip', '-n', far, 'link', 'set', 'fn1', 'up');
    const links: unknown = JSON.parse(run('ip', '-n', far, '-j', 'link', 'show', 'fn1'));
    const farAddress = String((links as { address: string }[])[0]?.address);
    return { near, far, farAddress, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

const isRoot = process.getuid?.() === 0;
/** Tests that need root: skipped with the reason elsewhere; with CI=true nothing is skipped. */
export const skipWithoutRoot = !isRoot && process.env['CI'] !== 'true';
