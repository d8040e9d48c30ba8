import { Command } from 'commander';
import { planJson } from '../../server/remediation/plan-json.ts';
import { plan } from '../../server/remediation/planner/plan.ts';
import { readPlanInput } from '../../server/remediation/read-plan-input.ts';
import { jsonOption } from '../options.ts';
import { planText } from '../plan-text.ts';
import { readBounded } from '../read-bounded.ts';

interface PlanOptions {
  readonly input: string;
  readonly json?: boolean;
}

const inputBytesMax = 1_000_000;

export function planCommand(): Command {
  return new Command('plan')
    .description(
      'compute which receive queues to move to which cores, with a certificate; the same input, the same plan',
    )
    .requiredOption('--input <file>', 'threads, queues, their loads and the limits (JSON); - for stdin')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nNothing is written to any host.\nExit codes: 0 a plan; 1 none, with its reason; 2 bad input.',
    )
    .action(planFile);
}

function planFile({ input, json }: PlanOptions): void {
  const text = new TextDecoder().decode(readBounded(input, inputBytesMax));
  const found = plan(readPlanInput(input === '-' ? 'stdin' : input, text));
  process.stdout.write(`${json === true ? planJson(found) : planText(found)}\n`);
  if (found.decision === 'none') process.exitCode = 1;
}
