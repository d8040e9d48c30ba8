import { readFileSync, statSync } from 'node:fs';
import { Command } from 'commander';
import { FourninesError, systemCode } from '../../core/runtime/error.ts';
import { readExclusions } from '../../server/openslo/exclusions-file.ts';
import { readObjective } from '../../server/openslo/objective-file.ts';
import { evaluate } from '../../server/slo/evaluate.ts';
import { evaluationJson } from '../../server/slo/evaluation-json.ts';
import { judgedAt } from '../../server/slo/window.ts';
import { evaluationText } from '../evaluation-text.ts';
import { instantOf, jsonOption } from '../options.ts';
import { readSlots } from '../read-slots.ts';

interface EvaluateOptions {
  readonly slo: string;
  readonly slots: string;
  readonly exclusions?: string;
  readonly at?: string;
  readonly json?: boolean;
}

const documentBytesMax = 1_000_000;

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description(
      'compute the verdict of an objective from a file of slots; the same files give the same integers anywhere',
    )
    .requiredOption('--slo <file>', 'objective (OpenSLO v1, YAML)')
    .requiredOption('--slots <file>', 'slots (NDJSON, may be gzip), as fournines export-slots writes them')
    .option('--exclusions <file>', 'agreed exclusions (YAML)')
    .option(
      '--at <instant>',
      "instant of burn rates, and a rolling window's end; default: the end of a calendar window",
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit codes: 0 met; 1 breached, undetermined or no traffic; 2 bad input: then there is no verdict.',
    )
    .action(evaluateFiles);
}

async function evaluateFiles(options: EvaluateOptions): Promise<void> {
  const at = options.at === undefined ? undefined : instantOf(options.at, '--at');
  const objective = readObjective(options.slo, textOf(options.slo, '--slo'));
  const { exclusions: path } = options;
  const exclusions = path === undefined ? [] : readExclusions(path, textOf(path, '--exclusions'));
  const judged = judgedAt(objective, at);
  const file = await readSlots(options.slots, objective.ports);
  const question = { objective, exclusions, ...judged, file };
  const evaluation = evaluate(question);
  process.stdout.write(
    `${options.json ? evaluationJson(question, evaluation) : evaluationText(question, evaluation)}\n`,
  );
  // What is not proven is not a yes.
  if (evaluation.verdict !== 'met') process.exitCode = 1;
}

function textOf(path: string, option: string): string {
  try {
    const { size } = statSync(path);
    if (size > documentBytesMax)
      throw new FourninesError('FN_USAGE', `${path} has ${size} bytes, more than ${documentBytesMax}`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof FourninesError) throw error;
    throw new FourninesError('FN_USAGE', `${path} cannot be read (${systemCode(error) ?? 'unknown reason'})`, {
      hint: `Check the path given with ${option}.`,
      cause: error,
    });
  }
}
