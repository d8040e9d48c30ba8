import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { LabError } from './lab-error.ts';
import { programPath, runProgram } from './programs.ts';
import { until } from './waiting.ts';

/** Where DPDK looks for pages of 2 MiB. */
const mountPoint = '/dev/hugepages';
const pool = '/sys/kernel/mm/hugepages/hugepages-2048kB';
/** Labs that start at the same time change the number one after the other. */
const lockFile = '/run/lock/fournines-lab-hugepages';

function readNumber(name: string): number {
  return Number(readFileSync(path.join(pool, name), 'utf8'));
}

/** Adds `pages` (negative: takes away) to the machine's number in one locked step. */
async function addToPool(pages: number): Promise<void> {
  const script = `n=$(cat "$1/nr_hugepages"); n=$((n + $2)); [ $n -ge 0 ] || n=0; echo $n > "$1/nr_hugepages"`;
  const flock = programPath('flock', 'util-linux');
  await runProgram(flock, ['-w', '10', lockFile, '/bin/sh', '-c', script, 'sh', pool, String(pages)]);
}

/**
 * Adds pages of 2 MiB to whatever the machine has, so that labs side by side never count on the same ones. `planned` is
 * called before anything changes, so that the pages are given back whatever happens next.
 */
export async function reserveHugepages(pages: number, planned: (added: number) => void): Promise<void> {
  if (!existsSync(pool)) {
    throw new LabError(3, 'this kernel has no hugepages of 2 MiB', { hint: 'Run the lab on x86-64 Linux.' });
  }
  const before = readNumber('free_hugepages');
  planned(pages);
  await addToPool(pages);
  // A machine short of memory gives fewer; free ones from before may still be enough.
  const free = readNumber('free_hugepages');
  if (free >= pages) return;
  planned(0);
  await addToPool(-pages);
  throw new LabError(3, `the lab needs ${pages} hugepages of 2 MiB, and only ${free} (${before} before) are free`, {
    hint: 'Free memory, or reserve them at boot with hugepages=N on the kernel command line.',
  });
}

/** Waits until so many pages are free: whoever has mapped those of a process that was killed lets go of them by and by. */
export async function untilPagesFree(mebibytes: number): Promise<void> {
  const pages = Math.ceil(mebibytes / 2);
  await until({ what: `${pages} hugepages are free`, deadlineMs: 10_000 }, () => readNumber('free_hugepages') >= pages);
}

/** Gives back what `reserveHugepages` added. Pages that somebody uses stay until they let go of them. */
export async function giveBackHugepages(pages: number): Promise<void> {
  if (pages > 0) await addToPool(-pages);
}

function isMounted(): boolean {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[1] === mountPoint && line.split(' ')[2] === 'hugetlbfs');
}

/** Mounts /dev/hugepages where the system has not; true when it did. */
export async function mountHugetlbfs(): Promise<boolean> {
  if (isMounted()) return false;
  mkdirSync(mountPoint, { recursive: true });
  await runProgram(programPath('mount', 'mount'), ['-t', 'hugetlbfs', 'nodev', mountPoint]);
  return true;
}

/** Takes the mount away again, unless somebody else has files there by now. */
export async function unmountHugetlbfs(): Promise<void> {
  if (!isMounted() || readdirSync(mountPoint).length > 0) return;
  await runProgram(programPath('umount', 'mount'), [mountPoint]).catch(() => undefined);
}

/** Removes the page files of DPDK processes whose file prefix starts with `prefix`. A killed process leaves them. */
export function removeHugepageFiles(prefix: string): void {
  if (!existsSync(mountPoint)) return;
  for (const name of readdirSync(mountPoint)) {
    if (name.startsWith(prefix)) rmSync(path.join(mountPoint, name), { force: true });
  }
}
