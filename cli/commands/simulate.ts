import { accessSync, constants, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { FourninesError, systemCode } from '../../core/runtime/error.ts';
import { type PlannerName, plannerNames } from '../../server/remediation/simulator/policy.ts';
import { jsonOption } from '../options.ts';
import { runSimulation, type Simulation } from '../simulation.ts';
import { simulationPicture } from '../simulation-picture.ts';
import { totalsOf } from '../simulation-table.ts';
import { simulationJson, simulationText } from '../simulation-text.ts';

interface SimulateOptions {
  readonly hosts: number;
  readonly hours: number;
  readonly seed: number;
  readonly seeds: number;
  readonly workers: number;
  readonly approveAfter?: number;
  readonly planner: PlannerName;
  readonly compare?: boolean;
  readonly picture?: string;
  readonly json?: boolean;
}

/** About a day of computing on two cores; whoever wants more runs it in pieces, by seeds. */
const hostHoursMost = 240_000;

export function simulateCommand(): Command {
  return new Command('simulate')
    .description(
      'simulate hosts in virtual time, and what becomes of their packets under each planner; nothing is real',
    )
    .addOption(whole('--hosts <n>', 'hosts', { low: 1, high: 10_000, preset: 50 }))
    .addOption(whole('--hours <n>', 'hours of each', { low: 1, high: 168, preset: 6 }))
    .addOption(whole('--seed <n>', 'where chance begins', { low: 0, high: 4_000_000_000, preset: 1 }))
    .addOption(whole('--seeds <n>', 'how many seeds, from --seed on', { low: 1, high: 100, preset: 1 }))
    .addOption(
      whole('--workers <n>', 'threads; the answer does not depend on it', {
        ...{ low: 1, high: 64, preset: Math.min(64, availableParallelism()) },
      }),
    )
    .addOption(
      whole('--approve-after <s>', 'seconds until a human approves what ours asks for; without it nobody does', {
        // A request is over after 15 min.
        ...{ low: 1, high: 899 },
      }),
    )
    .addOption(new Option('--planner <name>', 'who places queues').choices(plannerNames).default('ours'))
    .addOption(new Option('--compare', 'every planner on the same packets').conflicts('planner'))
    .option('--picture <file>', 'also write charts and table, one HTML file')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nThe same seed, the same answer (docs/simulator.md).\nExit codes: 0 done; 1 a rule was broken, with seed, host and second; 2 bad input.',
    )
    .action(simulate);
}

async function simulate(options: SimulateOptions): Promise<void> {
  const simulation: Simulation = {
    ...{ hosts: options.hosts, hours: options.hours, workers: options.workers },
    approveAfterSeconds: options.approveAfter ?? null,
    seeds: Array.from({ length: options.seeds }, (_none, i) => options.seed + i),
    planners: options.compare === true ? plannerNames : [options.planner],
  };
  bound(simulation);
  if (options.picture !== undefined) mayWrite(options.picture);
  const results = await runSimulation(simulation, progress());
  if (options.picture !== undefined) write(options.picture, simulationPicture(simulation, totalsOf(results)));
  const told = options.json === true ? simulationJson : simulationText;
  process.stdout.write(`${told(simulation, results)}\n`);
}

function bound({ hosts, hours, seeds, planners }: Simulation): void {
  const hostHours = hosts * hours * seeds.length * planners.length;
  if (hostHours <= hostHoursMost) return;
  throw new FourninesError('FN_USAGE', `hosts x hours x seeds x planners is ${hostHours}; ${hostHoursMost} at most`, {
    hint: 'Ask for fewer hosts, hours or seeds; several runs with other seeds say as much.',
  });
}

/** Found out before the work, not after it. */
function mayWrite(file: string): void {
  const folder = path.dirname(path.resolve(file));
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, cause: unknown): FourninesError {
  return new FourninesError('FN_USAGE', `--picture ${file} cannot be written (${systemCode(cause) ?? 'unknown'})`, {
    ...{ cause, hint: 'Name a file in a folder that is there and that you may write to.' },
  });
}

/** A bar on a terminal; elsewhere silence. */
function progress(): (done: number, all: number) => void {
  const { stderr } = process;
  if (!stderr.isTTY) return () => {};
  const cells = 40;
  let shown = -1;
  return (done, all) => {
    const percent = Math.floor((done * 100) / all);
    if (percent === shown) return;
    shown = percent;
    const full = Math.floor((done * cells) / all);
    const end = done === all ? '\n' : '';
    stderr.write(`\r[${'#'.repeat(full)}${'.'.repeat(cells - full)}] ${percent} % of ${all} runs of a host${end}`);
  };
}

function whole(
  flags: string,
  what: string,
  { low, high, preset }: { low: number; high: number; preset?: number },
): Option {
  const option = new Option(flags, `${what}, ${low} to ${high}`).argParser((text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It is a whole number from ${low} to ${high}.`);
  });
  return preset === undefined ? option : option.default(preset);
}
