import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import process from 'node:process';
import { runChild } from '../bin/child.mjs';
import { inRoot, root } from './paths.mjs';
import { capture, findProgram, node24Environment, say, step } from './step.mjs';

/** Only the outside pieces that tests start; each with the Debian package that has it. */
const pieces = [
  { program: 'chromium', packageName: 'chromium', forWhat: 'the tests of the page' },
  { program: 'ip', packageName: 'iproute2', forWhat: 'the tests in network namespaces' },
  { program: 'tc', packageName: 'iproute2', forWhat: 'the tests of queue discipline drops' },
  { program: 'ethtool', packageName: 'ethtool', forWhat: 'the tests that compare NIC counters' },
  { program: 'g++', packageName: 'g++', forWhat: 'the native addon and its tests' },
  { program: 'gcc', packageName: 'gcc', forWhat: "the lab's load generator" },
  { program: 'pkg-config', packageName: 'pkg-config libdpdk-dev', forWhat: "the lab's load generator" },
  { program: 'dpdk-testpmd', packageName: 'dpdk-dev', forWhat: 'the tests of DPDK telemetry' },
  { program: 'ovs-vsctl', packageName: 'openvswitch-switch-dpdk', forWhat: 'the tests on a real datapath' },
];

const checks = [
  { what: 'types', command: 'typescript/bin/tsc', args: ['-p', '.'] },
  { what: 'types of the page', command: 'typescript/bin/tsc', args: ['-p', 'web'] },
  { what: 'lint and format', command: '@biomejs/biome/bin/biome', args: ['check', '--error-on-warnings'] },
  { what: 'dead code', command: 'knip/bin/knip.js', args: ['--no-progress'] },
];

function tellMissing() {
  const missing = pieces.filter(({ program }) => findProgram(program) === undefined);
  if (missing.length === 0) return;
  for (const { program, forWhat } of missing) say(`missing here: ${program}, for ${forWhat}`);
  const names = [...new Set(missing.map(({ packageName }) => packageName))];
  say(`get it with: apt-get install --no-install-recommends ${names.join(' ')}`);
}

/** @returns {Promise<boolean>} whether it passed */
async function runCheck(node, { what, command, args }) {
  const work = () => capture(node, [inRoot('node_modules', command), ...args], node24Environment(node));
  const { code, output } = await step(what, work, (result) => (result.code === 0 ? 'passed' : 'failed'));
  if (code !== 0) process.stdout.write(`${output}\n\n${what}: failed (exit code ${code})\n\n`);
  return code === 0;
}

/**
 * Runs vitest and reads the counts that test/reporter.ts leaves.
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
async function runVitest(node, args) {
  const countsFile = inRoot('.setup', `counts.${process.pid}.json`);
  mkdirSync(inRoot('.setup'), { recursive: true });
  const env = { ...node24Environment(node), FOURNINES_TEST_COUNTS: countsFile };
  const vitest = inRoot('node_modules', 'vitest', 'vitest.mjs');
  const code = await runChild(node, [vitest, 'run', ...args], { cwd: root, env });
  const counts = readCounts(countsFile);
  // A runner that died, or failed for a reason that is no test's: that is one failure more, never a silent pass.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * All checks, then all tests. The count is the last line of the standard output.
 * @param {string} node
 * @param {readonly string[]} args for vitest
 * @param {readonly string[]} failures of the steps before; each counts as one failed test
 */
export async function runChecksAndTests(node, args, failures) {
  tellMissing();
  for (const failure of failures) process.stdout.write(`${failure}\n\n`);
  let passed = 0;
  let failed = failures.length;
  for (const check of checks) {
    if (await runCheck(node, check)) passed += 1;
    else failed += 1;
  }
  const counts = await runVitest(node, args);
  passed += counts.passed;
  failed += counts.failed;
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${counts.skipped} skipped\n`);
  return failed === 0 ? 0 : 1;
}
