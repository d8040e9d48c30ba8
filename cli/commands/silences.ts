import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import type {
  Silence,
  SilenceBody,
  SilenceEndBody,
  SilencePage,
  SilencePreview,
  SilencePreviewBody,
} from '../../server/api/schema/silences.ts';
import { printable } from '../../server/slo/printable.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface Told extends ServerOptions {
  readonly json?: boolean;
}

interface ListOptions extends Told {
  readonly state?: Silence['state'];
  readonly tenant?: string;
  readonly limit: string;
}

interface PreviewOptions extends Told {
  readonly tenant?: string;
}

interface MakeOptions extends PreviewOptions {
  readonly from?: string;
  readonly to: string;
  readonly comment: string;
  readonly by?: string;
}

const states: readonly Silence['state'][] = ['waiting', 'active', 'over', 'ended'];
const byText = 'who does it; default: the user of this machine';
const tenantText = "whose routes it quiets; left out: the operator's";

/** Times in which some alerts are told to nobody. It asks the running server. */
export function silencesCommand(): Command {
  const list = verb('list', 'silences, the one made last first')
    .addOption(new Option('--state <state>', 'only those that are so now').choices(states))
    .option('--tenant <name>', 'only those of this tenant')
    .option('--limit <number>', 'how many at most', '50')
    .action(async (options: ListOptions) => {
      const { state, tenant, limit } = options;
      const query = new URLSearchParams({ limit, ...(state && { state }), ...(tenant && { tenant }) });
      const page = await new ServerClient(options).json<SilencePage>(`silences?${query}`);
      if (options.json) return print(page);
      process.stdout.write(page.items.length === 0 ? 'no silences\n' : page.items.map(lineOf).join(''));
    });
  const preview = verb('preview', 'which alerts that fire now such a silence would quiet')
    .argument('<matcher...>', 'all of them must match: slo=acme-gold, severity!=critical, slo=~acme-.*')
    .option('--tenant <name>', tenantText)
    .action(previewThem);
  const make = verb('make', 'keep what matches from being told')
    .argument('<matcher...>', 'all of them must match: slo=acme-gold, severity!=critical, slo=~acme-.*')
    .requiredOption('--to <instant>', 'when it ends, as 2026-11-28T02:00:00Z')
    .option('--from <instant>', 'when it begins; left out: now')
    .requiredOption('--comment <text>', 'why, kept with it')
    .option('--tenant <name>', tenantText)
    .option('--by <who>', byText)
    .action(async (matchers: string[], options: MakeOptions) => {
      const { from, to, comment, tenant = null, by = userInfo().username } = options;
      const body: SilenceBody = { tenant, matchers, ...(from && { startsAt: from }), endsAt: to, by, comment };
      tell(await new ServerClient(options).post<Silence>('silences', body), options.json);
    });
  const end = verb('end', 'let a silence be over before its time')
    .argument('<id>', 'as list prints it')
    .option('--comment <text>', 'kept with it', '')
    .option('--by <who>', byText)
    .action(async (id: string, options: Told & { readonly by?: string; readonly comment: string }) => {
      const body: SilenceEndBody = { by: options.by ?? userInfo().username, comment: options.comment };
      const path = `silences/${encodeURIComponent(id)}/end`;
      tell(await new ServerClient(options).post<Silence>(path, body), options.json);
    });
  const command = new Command('silences').description('times in which some alerts are told to nobody');
  for (const each of [list, preview, make, end]) command.addCommand(each);
  return command;
}

async function previewThem(matchers: string[], options: PreviewOptions): Promise<void> {
  const body: SilencePreviewBody = { tenant: options.tenant ?? null, matchers };
  const found = await new ServerClient(options).post<SilencePreview>('silences/preview', body);
  if (options.json) return print(found);
  const lines = found.alerts.map(({ severity, labels }) => `${severity}  ${labelsText(labels)}`);
  const rest = found.matched - found.alerts.length;
  process.stdout.write(
    [
      `it would quiet ${found.matched} of ${found.known} alerts that fire now`,
      ...lines.map((line) => `  ${printable(line)}`),
      ...(rest > 0 ? [`  and ${rest} more`] : []),
    ]
      .join('\n')
      .concat('\n'),
  );
}

function tell(silence: Silence, json = false): void {
  if (json) print(silence);
  else process.stdout.write(lineOf(silence));
}

function lineOf({ id, state, tenant, matchers, startsAt, endsAt, by, comment, endedBy, endedAt }: Silence): string {
  const when =
    endedAt === null ? `${startsAt} to ${endsAt}` : `${startsAt} to ${endsAt}, ended ${endedAt} by ${endedBy}`;
  const whose = tenant === null ? 'operator' : `tenant ${tenant}`;
  return `${printable(`${id}  ${state}  ${when}  ${whose}  ${matchers.join(' ')}  ${by}: ${comment}`)}\n`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function verb(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(serverOption())
    .addOption(configOption())
    .addOption(jsonOption());
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
