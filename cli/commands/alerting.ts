import { userInfo } from 'node:os';
import { Command } from 'commander';
import type { Alerting, AlertingBody, AppliedAlerting } from '../../server/api/schema/alerting.ts';
import { configOption, jsonOption } from '../options.ts';
import { readBounded } from '../read-bounded.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface ApplyOptions extends ServerOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly by?: string;
  readonly json?: boolean;
}

interface ShowOptions extends ServerOptions {
  readonly json?: boolean;
}

const fileBytesMax = 1 << 20;

/** Who is told of breaches, as one document. It asks the running server. */
export function alertingCommand(): Command {
  const apply = verb('apply', 'let a document of receivers and routes hold from now on')
    .requiredOption('-f, --file <file>', 'document of kind Alerting (YAML); -: standard input')
    .option('--dry-run', 'only say whether it could be applied')
    .option('--by <who>', 'who does it, kept with it; default: the user of this machine')
    .action(applyDocument);
  const show = verb('show', 'write the document that holds').action(showDocument);
  return new Command('alerting')
    .description('who is told of breaches: receivers and routes')
    .addCommand(apply)
    .addCommand(show);
}

function verb(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(serverOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', '\ndocs/alerting.md has an example.');
}

async function applyDocument(options: ApplyOptions): Promise<void> {
  const { file, dryRun = false, by = userInfo().username } = options;
  const document = Buffer.from(readBounded(file, fileBytesMax)).toString('utf8');
  const body: AlertingBody = { document, dryRun, by };
  const applied = await new ServerClient(options).post<AppliedAlerting>('alerting/apply', body);
  const text = dryRun ? 'it could be applied' : `version ${applied.version} holds`;
  process.stdout.write(options.json ? `${JSON.stringify(applied)}\n` : `${text}\n`);
}

async function showDocument(options: ShowOptions): Promise<void> {
  const alerting = await new ServerClient(options).json<Alerting>('alerting');
  if (options.json) process.stdout.write(`${JSON.stringify(alerting)}\n`);
  else process.stdout.write(alerting.document ?? 'nobody has said who is told: nobody is\n');
  if (alerting.document === null) process.exitCode = 1;
}
