import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 200;

/** When a process started, in clock ticks since boot; undefined when it is gone. With it, a reused pid is told apart. */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function readLock(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string} content "pid start" */
function isAlive(content) {
  const [pid, start] = content.split(' ');
  return /^\d+$/.test(pid ?? '') && startOf(pid) === start;
}

/** Takes a dead owner's lock away, without taking away one that another waiter has just made. */
function removeStale(file, content) {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const taken = readLock(aside);
  if (taken !== content && taken !== undefined && isAlive(taken)) {
    try {
      linkSync(aside, file);
    } catch {
      // A third waiter was quicker; its lock stands.
    }
  }
  rmSync(aside, { force: true });
}

function tryLock(file) {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, `${process.pid} ${startOf(process.pid)}`);
  try {
    // A link appears with its content in one step, which open-then-write does not.
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

/**
 * One set-up at a time on one checkout. Waits for another live one; a lock left by a dead process is taken over.
 * @param {string} file
 * @param {(pid: string) => void} onWait told once, when there is somebody to wait for
 * @returns {Promise<() => void>} gives the lock back
 */
export async function takeLock(file, onWait) {
  mkdirSync(path.dirname(file), { recursive: true });
  let isTold = false;
  while (!tryLock(file)) {
    const content = readLock(file);
    if (content === undefined) continue;
    if (!isAlive(content)) {
      removeStale(file, content);
      continue;
    }
    if (!isTold) onWait(content.split(' ')[0] ?? '?');
    isTold = true;
    await delay(pollMs);
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  return () => {
    process.removeListener('exit', release);
    release();
  };
}
