import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FourninesError, systemCode } from './error.ts';

/** A data folder that this process holds. */
export interface DataFolder {
  readonly path: string;
  /** Lets it go; calling twice is allowed. */
  release(): void;
}

/** Who holds a folder: a pid alone could be another process by now, its start time tells. */
interface Holder {
  readonly pid: number;
  readonly startTicks: string;
}

const attemptsMax = 5;

/**
 * Makes the folder if need be and takes it for this process. FN_FOLDER_LOCKED when a living process holds it, FN_FOLDER
 * when it cannot be written. A lock whose holder is gone (kill -9, power) is taken over.
 */
export function takeDataFolder(folder: string): DataFolder {
  const path = resolve(folder);
  const lock = join(path, 'lock');
  const mine: Holder = { pid: process.pid, startTicks: startTicksOf(process.pid) ?? '' };
  const draft = join(path, `lock.${randomBytes(6).toString('hex')}`);
  try {
    mkdirSync(path, { recursive: true, mode: 0o750 });
    writeFileSync(draft, JSON.stringify(mine), { mode: 0o640 });
  } catch (error) {
    throw new FourninesError('FN_FOLDER', `the data folder ${path} cannot be written`, {
      cause: error,
      context: { path },
    });
  }
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (link(draft, lock)) return { path, release: () => releaseLock(lock, mine) };
      clearStale(lock, path);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw locked(path, undefined);
}

/** True when the lock is now ours; a hard link is made whole or not at all. */
function link(draft: string, lock: string): boolean {
  try {
    linkSync(draft, lock);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw new FourninesError('FN_FOLDER', `the lock ${lock} cannot be made`, { cause: error });
  }
}

/** Removes the lock if its holder is gone; throws FN_FOLDER_LOCKED if it lives. */
function clearStale(lock: string, path: string): void {
  const before = readHolder(lock);
  if (before !== undefined && startTicksOf(before.pid) === before.startTicks) throw locked(path, before.pid);
  const aside = `${lock}.stale.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    // Another starter was faster: the next attempt looks at its lock.
    if (systemCode(error) === 'ENOENT') return;
    throw new FourninesError('FN_FOLDER', `the stale lock ${lock} cannot be removed`, { cause: error });
  }
  const moved = readHolder(aside);
  const isOther = moved !== undefined && (moved.pid !== before?.pid || moved.startTicks !== before.startTicks);
  // Between reading and renaming somebody took the folder: give the lock back and look again.
  if (isOther) link(aside, lock);
  rmSync(aside, { force: true });
}

function releaseLock(lock: string, mine: Holder): void {
  const holder = readHolder(lock);
  if (holder?.pid === mine.pid && holder.startTicks === mine.startTicks) rmSync(lock, { force: true });
}

function readHolder(lock: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(lock, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('startTicks' in value)) return undefined;
    const { pid, startTicks } = value;
    return typeof pid === 'number' && typeof startTicks === 'string' ? { pid, startTicks } : undefined;
  } catch {
    // Gone or torn: nobody provably holds it.
    return undefined;
  }
}

/** Field 22 of /proc/PID/stat; undefined: no such process. */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function locked(path: string, pid: number | undefined): FourninesError {
  const by = pid === undefined ? 'another process' : `process ${pid}`;
  return new FourninesError('FN_FOLDER_LOCKED', `the data folder ${path} is used by ${by}`, {
    context: pid === undefined ? { path } : { path, pid },
  });
}
