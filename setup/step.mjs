import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { runChild } from '../bin/child.mjs';
import { SetupError } from './error.mjs';
import { root } from './paths.mjs';

const paint = process.stderr.isTTY ? (code, text) => `\x1b[${code}m${text}\x1b[0m` : (_code, text) => text;
const colours = { done: 32, passed: 32, failed: 31 };
/** What a failed command said is shown up to here; the end is what matters. */
const shownCharsMax = 20_000;
/** 128 + n: the child died of a signal (HUP, INT, TERM) that was passed on to it, so somebody stops us. */
const stoppedCodes = [129, 130, 143];

/** @param {SetupError} error */
export function isStopped(error) {
  return stoppedCodes.includes(error.exitCode);
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * One line of progress: what, then how long it took.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @param {(result: T) => string | undefined} [verdict] undefined: done
 */
export async function step(what, work, verdict = () => undefined) {
  const startMs = performance.now();
  // Without a terminal the line is written whole at the end, so that other output cannot split it.
  if (process.stderr.isTTY) process.stderr.write(`${what} ... `);
  const end = (word) => {
    const line = `${paint(colours[word] ?? 33, word)} ${((performance.now() - startMs) / 1000).toFixed(1)} s`;
    say(process.stderr.isTTY ? line : `${what}: ${line}`);
  };
  try {
    const result = await work();
    end(verdict(result) ?? 'done');
    return result;
  } catch (error) {
    end('failed');
    throw error;
  }
}

/** The environment without this checkout's node_modules/.bin: npm must not run on a Node that it is about to replace. */
export function plainEnvironment() {
  const own = path.join(root, 'node_modules');
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const kept = folders.filter((folder) => !folder.startsWith(own));
  return { ...process.env, PATH: kept.join(path.delimiter) };
}

/** The environment in which every `node` is ours. @param {string} node */
export function node24Environment(node) {
  const bin = path.join(root, 'node_modules', '.bin');
  return { ...process.env, PATH: [path.dirname(node), bin, process.env.PATH ?? ''].join(path.delimiter) };
}

/**
 * Runs a command in the repository and keeps what it says.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function capture(command, args, env) {
  let output = '';
  const keep = (chunk) => {
    output = (output + chunk).slice(-shownCharsMax);
  };
  const code = await runChild(command, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    onChild: (child) => {
      child.stdout.setEncoding('utf8').on('data', keep);
      child.stderr.setEncoding('utf8').on('data', keep);
    },
  }).catch((error) => {
    if (error.code === 'ENOENT') return 127;
    throw error;
  });
  if (stoppedCodes.includes(code)) throw new SetupError('Stopped.', code);
  return { code, output: output.trimEnd() };
}

/** @param {string} name @returns {string | undefined} where a program is on the PATH */
export function findProgram(name) {
  // Administration tools live in sbin, which is not on everybody's PATH.
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}
