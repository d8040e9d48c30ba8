import { existsSync } from 'node:fs';
import { runChild } from '../bin/child.mjs';
import { prepareAddon } from './addon.mjs';
import { runChecksAndTests } from './checks.mjs';
import { prepareDependencies } from './dependencies.mjs';
import { prepareDistribution } from './distribution.mjs';
import { SetupError } from './error.mjs';
import { takeLock } from './lock.mjs';
import { preparePage } from './page.mjs';
import { inRoot } from './paths.mjs';
import { isStopped, node24Environment, say } from './step.mjs';

const usage = `Usage: node setup.mjs start|test|build [arguments]
  start   make everything ready, then run: fournines up [arguments]
  test    make everything ready, then run all checks and tests (arguments go to vitest)
  build   make everything ready, and write the published form into dist/`;

/**
 * @param {(error: SetupError) => void} onFailure told when a step failed that the rest can do without
 * @param {readonly ((node: string) => Promise<void>)[]} [more] further steps
 * @returns {Promise<string>} the Node 24 binary
 */
async function prepare(onFailure, more = []) {
  const release = await takeLock(inRoot('.setup', 'lock'), (pid) => {
    say(`Another set-up is at work here (process ${pid}); waiting for it.`);
  });
  try {
    const node = await prepareDependencies();
    for (const next of [prepareAddon, preparePage, ...more]) {
      await next(node).catch((error) => {
        if (!error.isSetupError || isStopped(error)) throw error;
        onFailure(error);
      });
    }
    return node;
  } finally {
    release();
  }
}

function fail(error) {
  throw error;
}

async function start(args) {
  const node = await prepare((error) => {
    if (!error.isBearable) throw error;
    say(`${error.message} Going on without it.`);
  });
  if (!existsSync(inRoot('cli', 'main.ts'))) throw new SetupError('cli/main.ts is missing: is this a whole clone?', 3);
  return runChild(node, [inRoot('bin', 'fournines.mjs'), 'up', ...args], { env: node24Environment(node) });
}

async function test(args) {
  const failures = [];
  const node = await prepare((error) => failures.push(error.message));
  return runChecksAndTests(node, args, failures);
}

async function build(args) {
  if (args.length > 0) throw new SetupError(`build takes no arguments.\n${usage}`, 2);
  await prepare(fail, [prepareDistribution]);
  say('Ready.');
  return 0;
}

const commands = new Map([
  ['start', start],
  ['test', test],
  ['build', build],
]);

/** @param {readonly string[]} args @returns {Promise<number>} the exit code */
export async function run(args) {
  const [name, ...rest] = args;
  const command = commands.get(name);
  if (command === undefined) throw new SetupError(usage, 2);
  return command(rest);
}
