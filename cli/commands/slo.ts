import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { Command } from 'commander';
import { FourninesError, systemCode } from '../../core/runtime/error.ts';
import type { Applied, ApplyBody } from '../../server/api/schema/objects.ts';
import { appliedText } from '../applied-text.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface ApplyOptions extends ServerOptions {
  readonly file: readonly string[];
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly by?: string;
  readonly json?: boolean;
}

interface ExportOptions extends ServerOptions {
  readonly file: string;
  readonly at?: string;
  readonly json?: boolean;
}

const fileBytesMax = 8_000_000;

/** What is promised to whom, as documents. It asks the running server: the stores belong to that process. */
export function sloCommand(): Command {
  const apply = verb('apply', 'do what documents say: all of it, or nothing when something is wrong')
    .requiredOption('-f, --file <file...>', 'documents (YAML, several in a file); -: standard input')
    .option('--from <instant>', 'quarter hour of UTC from which it holds; default: as soon as can be')
    .option('--dry-run', 'only say what would be done')
    .option('--by <who>', 'who does it, kept with each version; default: the user of this machine')
    .action(async (options: ApplyOptions) => {
      const { dryRun = false } = options;
      tell(await asked(options, dryRun), options.json);
    });
  const diff = verb('diff', 'say how documents differ from what holds; exit code 1: they do')
    .requiredOption('-f, --file <file...>', 'documents (YAML, several in a file); -: standard input')
    .option('--from <instant>', 'as if it were to hold from this quarter hour')
    .action(async (options: ApplyOptions) => {
      const applied = await asked(options, true);
      tell(applied, options.json);
      if (applied.changes.some(({ change }) => change !== 'unchanged')) process.exitCode = 1;
    });
  const write = verb('export', 'write all objects as documents that apply reads')
    .option('-f, --file <file>', 'file to write; -: standard output', '-')
    .option('--at <instant>', 'what held then; default: all that has no end, what begins later included')
    .action(exportDocuments);
  const command = new Command('slo').description(
    'tenants, services, contracts, agreements and objectives, as documents',
  );
  for (const each of [apply, diff, write]) command.addCommand(each);
  return command;
}

function verb(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(serverOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', '\ndocs/objectives.md has an example of each kind of document.');
}

function asked(options: ApplyOptions, dryRun: boolean): Promise<Applied> {
  const body: ApplyBody = {
    documents: options.file.map((name) => ({ name: name === '-' ? 'standard input' : name, text: textOf(name) })),
    ...(options.from === undefined ? {} : { from: options.from }),
    dryRun,
    by: options.by ?? userInfo().username,
  };
  return new ServerClient(options).post<Applied>('slos/apply', body);
}

function tell(applied: Applied, asJson = false): void {
  process.stdout.write(asJson ? `${JSON.stringify(applied)}\n` : appliedText(applied.changes, applied.dryRun));
}

async function exportDocuments(options: ExportOptions): Promise<void> {
  const query = options.at === undefined ? '' : `?${new URLSearchParams({ at: options.at })}`;
  const { text } = await new ServerClient(options).stream(`slos/export${query}`);
  const pieces: Uint8Array[] = [];
  for await (const piece of text) pieces.push(piece);
  const documents = Buffer.concat(pieces);
  if (options.file === '-') {
    process.stdout.write(options.json ? `${JSON.stringify({ documents: documents.toString() })}\n` : documents);
    return;
  }
  try {
    writeFileSync(options.file, documents);
  } catch (error) {
    throw new FourninesError('FN_USAGE', `${options.file} cannot be written (${systemCode(error) ?? 'no reason'})`, {
      hint: 'Check the path given with --file.',
      cause: error,
    });
  }
  const told = { file: options.file, bytes: documents.length };
  process.stdout.write(options.json ? `${JSON.stringify(told)}\n` : `${told.bytes} bytes in ${told.file}\n`);
}

function textOf(path: string): string {
  try {
    if (path === '-') return readFileSync(0, 'utf8');
    const { size } = statSync(path);
    if (size <= fileBytesMax) return readFileSync(path, 'utf8');
  } catch (error) {
    throw new FourninesError('FN_USAGE', `${path} cannot be read (${systemCode(error) ?? 'no reason'})`, {
      hint: 'Check the path given with --file.',
      cause: error,
    });
  }
  throw new FourninesError('FN_USAGE', `${path} has more than ${fileBytesMax} bytes`, {
    hint: 'Apply its documents in several steps: what others need first.',
  });
}
