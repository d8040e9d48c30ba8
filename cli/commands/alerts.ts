import { Command } from 'commander';
import type { AlertPage, PresentAlert } from '../../server/api/schema/silences.ts';
import { printable } from '../../server/slo/printable.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface ListOptions extends ServerOptions {
  readonly json?: boolean;
  readonly tenant?: string;
  readonly limit: string;
}

/** What fires, and what keeps it from being told. It asks the running server. */
export function alertsCommand(): Command {
  const list = new Command('list')
    .description('alerts that are remembered, those that are over among them')
    .addOption(serverOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .option('--tenant <name>', "only those of this tenant, as its routes see them; left out: as the operator's do")
    .option('--limit <number>', 'how many at most', '200')
    .action(listThem);
  return new Command('alerts').description('what fires now, and what keeps it from being told').addCommand(list);
}

async function listThem(options: ListOptions): Promise<void> {
  const query = new URLSearchParams({ limit: options.limit, ...(options.tenant && { tenant: options.tenant }) });
  const page = await new ServerClient(options).json<AlertPage>(`alerts?${query}`);
  if (options.json) process.stdout.write(`${JSON.stringify(page)}\n`);
  else process.stdout.write(page.items.length === 0 ? 'no alerts\n' : page.items.map(lineOf).join(''));
}

function lineOf({ status, severity, startsAt, endsAt, labels, acknowledgedBy, ...rest }: PresentAlert): string {
  const { silencedBy, hiddenBy, isFlapping } = rest;
  const when = endsAt === null ? `since ${startsAt}` : `${startsAt} to ${endsAt}`;
  const what = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const marks = [
    ...(isFlapping ? ['flaps'] : []),
    ...(acknowledgedBy === null ? [] : [`acknowledged by ${acknowledgedBy}`]),
    ...(silencedBy.length === 0 ? [] : [`silenced by ${silencedBy.join(' ')}`]),
    ...(hiddenBy.length === 0 ? [] : [`hidden by ${hiddenBy.join(' ')}`]),
  ];
  return `${printable([`${status} ${severity}`, when, what.join(' '), ...marks].join('  '))}\n`;
}
