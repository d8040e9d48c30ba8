#!/usr/bin/env node
// Runs the addon under the address and undefined-behaviour sanitizers, the netlink parsers and the telemetry reader on
// damaged datagrams, the sums of the ring sampler on random seconds, and the addon under valgrind where that is installed. Needs Node 24 (it starts TypeScript) and g++.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative, exitCodes } from './build.mjs';

const nativeFolder = dirname(fileURLToPath(import.meta.url));
const exercise = join(nativeFolder, 'sanitize-exercise.ts');
const compiler = process.env['CXX'] || 'g++';

const built = buildNative({ sanitize: true });
if (built.status !== 'built' && built.status !== 'current') process.exit(exitCodes[built.status]);

const folder = mkdtempSync(join(tmpdir(), 'fn-sanitize-'));
const netlinkParsers = ['messages', 'netlink', 'links', 'qdiscs', 'generic', 'queues'];
const peer = join(folder, 'peer');
let isClean = false;
try {
  isClean =
    compile('peer', ['telemetry-peer.cc'], [], [], peer) &&
    [
      fuzz('parsers', 'parser-fuzz.cc', netlinkParsers),
      fuzz('rings', 'ring-fuzz.cc', ['ring-slot']),
      fuzz('telemetry', 'telemetry-fuzz.cc', ['json-cursor', 'telemetry-reply']),
      runSanitized(built.file),
      runValgrind(),
    ].every((clean) => clean);
} finally {
  rmSync(folder, { recursive: true });
}
process.stdout.write(isClean ? 'clean\n' : 'NOT clean\n');
process.exit(isClean ? 0 : 1);

/** A program of test/native with files of src. */
function compile(name, programs, parsers, extraFlags, binary) {
  const flags = ['-std=c++17', '-O1', '-g', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', ...extraFlags];
  const sources = [
    ...programs.map((file) => join(nativeFolder, '..', 'test', 'native', file)),
    ...parsers.map((file) => join(nativeFolder, 'src', `${file}.cc`)),
  ];
  return run(name, compiler, [...flags, ...sources, '-o', binary]);
}

function fuzz(name, program, parsers) {
  const binary = join(folder, name);
  const sanitize = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  return compile(name, [program], parsers, sanitize, binary) && run(name, binary, []);
}

/** Node itself is not instrumented, so the sanitizer's library has to come first: LD_PRELOAD. */
function runSanitized(file) {
  const preload = ['libasan.so', 'libubsan.so'].map((name) =>
    spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim(),
  );
  const env = {
    ...process.env,
    LD_PRELOAD: preload.join(' '),
    // Leaks are judged by our own frames below: V8 keeps much until the process ends.
    ASAN_OPTIONS: 'detect_leaks=1:exitcode=0:halt_on_error=1:abort_on_error=0',
    LSAN_OPTIONS: 'exitcode=0',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', exercise, file, '50', peer], {
    encoding: 'utf8',
    timeout: 240_000,
    env,
  });
  const leaks = stderr.split(/\n\n/).filter((report) => /leak of/.test(report) && /fournines/.test(report));
  const errors = /ERROR: AddressSanitizer|runtime error:/.test(stderr);
  const isSound = status === 0 && stdout.includes('exercised') && !errors && leaks.length === 0;
  process.stdout.write(
    `sanitizers: ${stdout.trim()}, ${isSound ? 'nothing found' : `status ${status}\n${errors || leaks.length === 0 ? stderr : leaks.join('\n\n')}`}\n`,
  );
  return isSound;
}

function runValgrind() {
  if (spawnSync('valgrind', ['--version']).status !== 0) {
    process.stdout.write('valgrind: not installed, not run\n');
    return true;
  }
  const file = join(nativeFolder, 'build', 'fournines.node');
  if (buildNative({ quiet: true }).status === 'failed') return false;
  const logFile = join(folder, 'log');
  // --smc-check=all: V8 writes code while it runs.
  const options = ['--error-exitcode=0', '--smc-check=all', '--leak-check=full', `--log-file=${logFile}`];
  const args = [...options, process.execPath, '--expose-gc', exercise, file, '3', peer];
  const { status, stdout } = spawnSync('valgrind', args, { encoding: 'utf8', timeout: 240_000 });
  const log = existsSync(logFile) ? readFileSync(logFile, 'utf8') : '';
  // Reports end in an empty line; V8's own are not ours to judge.
  const ours = log
    .split(/\n==\d+== \n/)
    .filter((report) => /fournines/.test(report) && /Invalid|uninitialised|definitely lost/.test(report));
  const isSound = status === 0 && ours.length === 0;
  process.stdout.write(
    `valgrind: ${stdout.trim() || 'did not finish'}, ${ours.length} reports with our frames\n${ours.join('\n')}`,
  );
  return isSound;
}

function run(name, command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  const text = `${stdout ?? ''}${stderr ?? ''}`.trim();
  if (text !== '') process.stdout.write(`${name}: ${text.replaceAll('\n', `\n${name}: `)}\n`);
  return status === 0;
}
