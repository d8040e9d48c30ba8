#!/usr/bin/env node
// Builds the addon with a C++ compiler alone. node-gyp and cmake-js fetch Node's headers from the network; ours come
// from the package node-api-headers, so a machine without network builds too. Plain JavaScript for Node 18 and later.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const nativeFolder = dirname(fileURLToPath(import.meta.url));
const sourceFolder = join(nativeFolder, 'src');
const buildFolder = join(nativeFolder, 'build');
const requireFromRoot = createRequire(join(nativeFolder, '..', 'package.json'));

/** Exit codes: the addon is there; the compiler refused the sources; this machine cannot build it. */
export const exitCodes = { built: 0, current: 0, failed: 1, missing: 3 };

const commonFlags = [
  '-std=c++17',
  '-fPIC',
  '-shared',
  '-pthread',
  '-fvisibility=hidden',
  // A signal handler of ours must outlive the last environment that loaded us.
  '-Wl,-z,nodelete',
  '-fno-exceptions',
  '-fno-rtti',
  '-fstack-protector-strong',
  '-Wall',
  '-Wextra',
  '-DNAPI_VERSION=9',
  '-DNAPI_DISABLE_CPP_EXCEPTIONS',
  // Without it the wrapper ends the process when a worker thread is terminated in the middle of a call.
  '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
  '-DNODE_GYP_MODULE_NAME=fournines',
  '-D_GNU_SOURCE',
];
/** Where our own machines build, a warning is an error. */
const strictFlag = '-Werror';
// Some distributions predefine _FORTIFY_SOURCE; a second definition would be a warning, so an error.
const releaseFlags = ['-O2', '-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=2', '-Wl,-z,relro', '-s'];
const sanitizeFlags = [
  '-O1',
  '-g',
  '-fno-omit-frame-pointer',
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=all',
];

/**
 * Builds when something changed. `status`: built, current (nothing to do), missing (no compiler or not Linux) or
 * failed; `message` is for people. Never throws for what the machine lacks.
 *
 * @param {{ force?: boolean, quiet?: boolean, sanitize?: boolean }} [options]
 * @returns {{ status: 'built' | 'current' | 'missing' | 'failed', message: string, file: string }}
 */
export function buildNative({ force = false, quiet = false, sanitize = false } = {}) {
  const file = join(buildFolder, sanitize ? 'fournines-asan.node' : 'fournines.node');
  const result = build({ file, stampFile: join(buildFolder, sanitize ? 'stamp-asan' : 'stamp'), force, sanitize });
  if (!quiet)
    (result.status === 'failed' || result.status === 'missing' ? process.stderr : process.stdout).write(
      `${result.message}\n`,
    );
  return { ...result, file };
}

function build({ file, stampFile, force, sanitize }) {
  if (process.platform !== 'linux') return missing('The native addon is for Linux (x64 and arm64).');
  const compiler = findCompiler();
  if (compiler === null) {
    const tried = process.env['CXX'] ? `$CXX (${process.env['CXX']})` : 'g++';
    return missing(
      `The native addon needs a C++ compiler, and ${tried} is not there.\nInstall one: apt-get install g++`,
    );
  }
  const headers = includeFolders();
  if (headers === null) return missing('The packages node-addon-api and node-api-headers are not installed (npm ci).');
  const args = [
    ...commonFlags,
    ...(sanitize ? sanitizeFlags : releaseFlags),
    ...headers.flatMap((folder) => ['-isystem', folder]),
  ];
  const isCi = process.env['CI'] === 'true';
  // A newer compiler's new warning must not take the addon from a user.
  const attempts = isCi ? [[strictFlag, ...args]] : [[strictFlag, ...args], args];
  const stamps = attempts.map((flags) => stampOf(compiler.version, flags));
  if (!force && existsSync(file) && stamps.includes(readIfThere(stampFile)))
    return { status: 'current', message: 'The native addon is up to date.' };
  return compileAny({ compiler, attempts, stamps, file, stampFile });
}

/** With the first flags that the compiler takes the sources with; `attempts` begins with the strict ones. */
function compileAny({ compiler, attempts, stamps, file, stampFile }) {
  let output = '';
  for (const [i, args] of attempts.entries()) {
    const result = compile({ compiler, args, file });
    output = result.output;
    if (!result.isBuilt) continue;
    writeFileSync(stampFile, stamps[i]);
    const how = i === 0 ? '.' : `, without ${strictFlag}: this compiler warns.\n${output}`;
    return { status: 'built', message: `The native addon is built${how}` };
  }
  return { status: 'failed', message: `The native addon did not compile:\n${output}` };
}

function missing(why) {
  return {
    status: 'missing',
    message: `${why}\nUntil then sources with a pure TypeScript form go on; qdiscs, queues and driver counters are not collected.`,
  };
}

/** $CXX may carry arguments ("ccache g++"). */
function findCompiler() {
  const [command, ...args] = (process.env['CXX'] || 'g++').split(' ').filter((part) => part !== '');
  if (command === undefined) return null;
  const { status, stdout } = spawnSync(command, [...args, '--version'], { encoding: 'utf8' });
  return status === 0 ? { command, args, version: stdout } : null;
}

function includeFolders() {
  try {
    return [
      dirname(requireFromRoot.resolve('node-addon-api/package.json')),
      join(dirname(requireFromRoot.resolve('node-api-headers/package.json')), 'include'),
    ];
  } catch {
    return null;
  }
}

/** Everything the result depends on. */
function stampOf(compilerVersion, args) {
  const hash = createHash('sha256').update(JSON.stringify([compilerVersion, process.arch, args, packageVersions()]));
  for (const name of readdirSync(sourceFolder).sort())
    hash.update(`${name}\0`).update(readFileSync(join(sourceFolder, name)));
  return hash.digest('hex');
}

function packageVersions() {
  return ['node-addon-api', 'node-api-headers'].map((name) => requireFromRoot(`${name}/package.json`).version);
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

function compile({ compiler, args, file }) {
  mkdirSync(buildFolder, { recursive: true });
  const sources = readdirSync(sourceFolder)
    .filter((name) => name.endsWith('.cc'))
    .sort()
    .map((name) => join(sourceFolder, name));
  // Renamed into place: writing over a library that a process has mapped would crash that process.
  const draft = `${file}.${process.pid}`;
  const { status, stdout, stderr } = spawnSync(compiler.command, [...compiler.args, ...args, ...sources, '-o', draft], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const isBuilt = status === 0;
  if (isBuilt) renameSync(draft, file);
  else rmSync(draft, { force: true });
  return { isBuilt, output: `${stdout ?? ''}${stderr ?? ''}`.trimEnd() };
}

if (process.argv[1] !== undefined && pathToFileURL(realpathSync(process.argv[1])).href === import.meta.url) {
  const known = ['--force', '--sanitize'];
  const unknown = process.argv.slice(2).filter((option) => !known.includes(option));
  if (unknown.length > 0) {
    process.stderr.write(`unknown: ${unknown.join(' ')}; known: ${known.join(' ')}\n`);
    process.exit(2);
  }
  const { status } = buildNative({
    force: process.argv.includes('--force'),
    sanitize: process.argv.includes('--sanitize'),
  });
  process.exit(exitCodes[status]);
}
