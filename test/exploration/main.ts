/**
 * Every world within the bounds, one after another, against the rules of `invariants.ts`:
 *
 *     npm run explore:machine [-- --mode auto --faults 2 --breaches 1 --states 5000000 --without GUARD --json]
 *
 * Two faults take ten seconds, three some four minutes and 2 GB. Exit code 1: a rule was broken, or the bound on states was met first.
 */
import { parseArgs } from 'node:util';
import { type GuardName, guards } from '../../server/remediation/machine/guards.ts';
import type { Mode } from '../../server/remediation/machine/state.ts';
import { wholeExecutor } from './executor.ts';
import { explore } from './explore.ts';
import { invariantNames } from './invariants.ts';
import { disarmed } from './without.ts';
import { firstWorld } from './world.ts';

const { values: options } = parseArgs({
  options: {
    mode: { type: 'string', default: 'auto' },
    faults: { type: 'string', default: '2' },
    breaches: { type: 'string', default: '1' },
    states: { type: 'string', default: '5000000' },
    without: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
if (options.without !== undefined && !(options.without in guards)) throw new RangeError(`no guard ${options.without}`);

const began = performance.now();
const world = firstWorld(options.mode as Mode, { faults: Number(options.faults), breaches: Number(options.breaches) });
const bounds = { rules: wholeExecutor, guards: disarmed(options.without as GuardName | undefined) };
const found = explore(world, bounds, { statesMax: Number(options.states), onProgress });
const seconds = ((performance.now() - began) / 1_000).toFixed(1);
if (process.stderr.isTTY) process.stderr.write('\n');

if (options.json) {
  process.stdout.write(`${JSON.stringify({ ...found, phases: [...found.phases], invariants: invariantNames })}\n`);
} else {
  const { states, transitions, depth, ends, phases, violation, isWhole } = found;
  process.stdout.write(
    `${states} states, ${transitions} transitions, depth ${depth}, ${ends} ends, ${phases.size} phases, ` +
      `${invariantNames.length} invariants checked at each, in ${seconds} s\n${isWhole ? 'all within the bounds' : 'not all'}\n`,
  );
  process.stdout.write(
    violation === null ? '0 violations\n' : `broken: ${violation.invariant}\n${violation.trace.map(indented).join('')}`,
  );
}
process.exitCode = found.violation === null && found.isWhole ? 0 : 1;

function indented(line: string, index: number): string {
  return `${String(index + 1).padStart(4)}  ${line}\n`;
}

function onProgress(states: number, transitions: number, depth: number): void {
  const told = `${states} states, ${transitions} transitions, depth ${depth}`;
  if (process.stderr.isTTY) process.stderr.write(`\r${told}`);
  else if (depth % 10 === 0) process.stderr.write(`${told}\n`);
}
