import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { findNode24, isNewEnough, nodeMajor } from '../bin/node24.mjs';
import { SetupError } from './error.mjs';
import { inRoot, root } from './paths.mjs';
import { hashOf, isStamped, stamp, unstamp } from './stamp.mjs';
import { capture, findProgram, plainEnvironment, step } from './step.mjs';

/** npm's own error codes; the rest of its output is shown as it is. */
const hints = [
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ERR_SOCKET_TIMEOUT'],
    hint: 'The package registry cannot be reached. Check the network, or name your mirror: npm config set registry URL',
  },
  {
    codes: ['E401', 'E403', 'E404', 'ETARGET'],
    hint: 'The registry answers, but does not give a package out. Check npm config get registry and its permissions.',
  },
  {
    codes: ['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
    hint: 'The certificate of the registry or of a proxy is not known here: npm config set cafile FILE',
  },
  { codes: ['ENOSPC'], hint: 'The disk is full: the dependencies need 1.5 GB here and 1 GB in the npm cache.' },
  {
    codes: ['EACCES', 'EPERM', 'EROFS'],
    hint: 'A file cannot be written. Is this folder or the npm cache owned by another user?',
  },
  { codes: ['EUSAGE'], hint: 'package.json and package-lock.json do not fit together: run npm install once.' },
  { codes: ['EINTEGRITY'], hint: 'A package arrived damaged: npm cache verify, then try again.' },
];

const hintOf = (output) => hints.find(({ codes }) => codes.some((code) => output.includes(code)))?.hint;

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(inRoot(file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** npm notes what it installed in a lockfile of its own; so an install by hand is not done a second time. */
function isInstalled() {
  const wanted = packagesOf('package-lock.json');
  const present = packagesOf('node_modules/.package-lock.json');
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(
    // Optional ones are for other machines.
    ([where, entry]) => where === '' || entry.optional === true || present[where]?.version === entry.version,
  );
}

async function install() {
  const env = plainEnvironment();
  const { code, output } = await capture('npm', ['ci', '--no-audit', '--no-fund'], env);
  if (code === 0) return;
  if (code === 127) {
    throw new SetupError('npm is missing. It comes with Node: apt-get install nodejs npm', 3);
  }
  const hint = hintOf(output) ?? 'npm says what is wrong above.';
  throw new SetupError(`${output}\n\nnpm ci failed (exit code ${code}). ${hint}`, 3);
}

function versionOf(node) {
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  return stdout?.trim() ?? '';
}

/**
 * The Node that runs everything after the dependencies are there.
 * @returns {string} path of the binary
 */
function chooseNode() {
  const own = findNode24(root);
  if (own !== undefined && versionOf(own).startsWith(`v${nodeMajor}.`)) return own;
  // Ours is missing, but the machine's is new enough.
  if (isNewEnough()) return process.execPath;
  throw new SetupError(
    `Node ${nodeMajor} should have come with the dependencies, and did not: the preinstall script of the package "node" was not run.\n` +
      'This happens where npm is told to ignore install scripts. Mend it with:\n' +
      '  npm rebuild node --ignore-scripts=false\n' +
      `or put Node ${nodeMajor} on the PATH, and start again. (package.json allows this script under "allowScripts".)`,
    3,
  );
}

/**
 * @param {{ force?: boolean }} [options]
 * @returns {Promise<string>} the Node 24 binary
 */
export async function prepareDependencies({ force = false } = {}) {
  if (!existsSync(inRoot('package-lock.json')))
    throw new SetupError('package-lock.json is missing: is this a whole clone?', 3);
  const key = hashOf(['package-lock.json']);
  const isPresent = existsSync(inRoot('node_modules', '.package-lock.json'));
  if (force || !isPresent || (!isStamped('dependencies', key) && !isInstalled())) {
    if (findProgram('npm') === undefined) {
      throw new SetupError('npm is missing. It comes with Node: apt-get install nodejs npm', 3);
    }
    unstamp('dependencies');
    await step('dependencies (npm ci, a minute or two)', install);
  }
  const node = chooseNode();
  if (!isStamped('dependencies', key)) stamp('dependencies', key);
  return node;
}
