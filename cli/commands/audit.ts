import { Command, Option } from 'commander';
import type { Act, ActPage } from '../../server/api/schema/acts.ts';
import { actNames } from '../../server/control/act-log.ts';
import { printable } from '../../server/slo/printable.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface AuditOptions extends ServerOptions {
  readonly json?: boolean;
  readonly subject?: string;
  readonly act?: string;
  readonly limit: string;
}

/** What people did. It asks the running server. */
export function auditCommand(): Command {
  return new Command('audit')
    .description('what people did, newest first; exit code 1 when the chain of acts does not hold')
    .addOption(serverOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .option('--subject <id>', 'only what was done to this silence, breach or receiver')
    .addOption(new Option('--act <act>', 'only acts of this kind').choices([...actNames]))
    .option('--limit <number>', 'how many at most', '50')
    .action(showAudit);
}

async function showAudit(options: AuditOptions): Promise<void> {
  const { subject, act, limit } = options;
  const query = new URLSearchParams({ limit, ...(subject && { subject }), ...(act && { act }) });
  const page = await new ServerClient(options).json<ActPage>(`audit?${query}`);
  if (options.json) process.stdout.write(`${JSON.stringify(page)}\n`);
  else process.stdout.write(page.items.length === 0 ? 'no acts\n' : page.items.map(lineOf).join(''));
  if (page.chain === 'holds') return;
  process.stderr.write('the chain of acts does not hold: a row is not what was written, or one is missing\n');
  process.exitCode = 1;
}

function lineOf({ ordinal, at, by, via, act, subject, comment, details }: Act): string {
  const more = Object.entries(details).map(([name, value]) => `${name}=${value ?? 'none'}`);
  const who = `${by === '' ? 'nobody said who' : by} (${via})`;
  return `${printable([ordinal, at, act, subject, who, comment, ...more].filter((part) => part !== '').join('  '))}\n`;
}
