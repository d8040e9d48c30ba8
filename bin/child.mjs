import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import process from 'node:process';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** npm, a terminal and a service manager may all pass on the same signal; the child must not take two for impatience. */
const sameSignalMs = 1000;

const parentCheckMs = 500;

/**
 * npm runs a script in a shell, and a signal to npm ends that shell but not what runs in it. So below npm, a parent that
 * is gone means: stop. Started by hand, it does not: people put programs into the background and log out.
 * @param {() => void} onGone
 * @returns {() => void} stops watching
 */
function watchParent(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, parentCheckMs);
  return () => clearInterval(timer);
}

/** True when a Ctrl-C at the terminal reaches every process of our group, the child included. */
function isTerminalForeground() {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // After the command name, which may hold blanks and brackets: state ppid pgrp session tty_nr tpgid
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[2] === fields[5];
  } catch {
    return false;
  }
}

/**
 * Runs a command to its end, passes signals on to it and resolves with its exit code (128 + n after signal n).
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function runChild(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    const lastSentMs = new Map();
    const pass = (signal) => {
      if (signal === 'SIGINT' && isTerminalForeground()) return;
      const nowMs = Date.now();
      if (nowMs - (lastSentMs.get(signal) ?? 0) < sameSignalMs) return;
      lastSentMs.set(signal, nowMs);
      child.kill(signal);
    };
    for (const signal of forwarded) process.on(signal, pass);
    const unwatch = watchParent(() => pass('SIGTERM'));
    const release = () => {
      unwatch();
      for (const signal of forwarded) process.removeListener(signal, pass);
    };
    child.once('error', (error) => {
      release();
      reject(error);
    });
    child.once('close', (code, signal) => {
      release();
      resolve(code ?? 128 + (os.constants.signals[signal] ?? 0));
    });
    options.onChild?.(child);
  });
}
