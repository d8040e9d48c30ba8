import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import type {
  DecisionBody,
  Exclusion,
  ExclusionBody,
  ExclusionDetail,
  ExclusionPage,
} from '../../server/api/schema/exclusions.ts';
import { type ExclusionCategory, exclusionCategories, exclusionStates } from '../../server/exclusions/exclusion.ts';
import type { changes } from '../../server/exclusions/rules.ts';
import { printable } from '../../server/slo/printable.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface Told extends ServerOptions {
  readonly json?: boolean;
}

interface ListOptions extends Told {
  readonly service?: string;
  readonly state?: string;
  readonly limit: string;
}

interface RequestOptions extends Told {
  readonly service: string;
  readonly from: string;
  readonly to: string;
  readonly category: ExclusionCategory;
  readonly reason: string;
  readonly by?: string;
  readonly noticeAt?: string;
  readonly noticeReference?: string;
}

interface DecisionOptions extends Told {
  readonly by?: string;
  readonly comment: string;
}

const byText = 'who does it; default: the user of this machine';
const decisions = {
  approve: 'leave the time out, as somebody else than who asked for it',
  reject: 'refuse it',
  revoke: 'take an approval back',
} as const satisfies Record<keyof typeof changes, string>;

/** Time that is left out of every figure: asked for by one, approved by another. It asks the running server. */
export function exclusionsCommand(): Command {
  const list = verb('list', 'exclusions, the latest first')
    .option('--service <name>', 'only those of this service')
    .addOption(new Option('--state <state>', 'only those that are so now').choices([...exclusionStates]))
    .option('--limit <number>', 'how many at most', '50')
    .action(async (options: ListOptions) => {
      const { service, state, limit } = options;
      const query = new URLSearchParams({ limit, ...(service && { service }), ...(state && { state }) });
      const page = await new ServerClient(options).json<ExclusionPage>(`exclusions?${query}`);
      if (options.json) return print(page);
      process.stdout.write(page.items.length === 0 ? 'no exclusions\n' : page.items.map(lineOf).join(''));
    });
  const show = verb('show', 'one exclusion: its records, and what it changes or would change')
    .argument('<id>', 'as list prints it')
    .action(async (id: string, options: Told) => {
      const found = await new ServerClient(options).json<ExclusionDetail>(`exclusions/${encodeURIComponent(id)}`);
      if (options.json) print(found);
      else process.stdout.write(detailOf(found));
      if (found.brokenAt !== null) process.exitCode = 1;
    });
  const request = verb('request', 'ask for time to be left out')
    .requiredOption('--service <name>', 'whose time')
    .requiredOption('--from <instant>', 'a quarter of an hour of UTC, as 2026-11-28T02:00:00Z')
    .requiredOption('--to <instant>', 'another one; the end is not part of it')
    .addOption(new Option('--category <category>', 'why').choices([...exclusionCategories]).makeOptionMandatory())
    .requiredOption('--reason <text>', 'what was, or will be')
    .option('--notice-at <instant>', 'when the tenant was told')
    .option('--notice-reference <text>', 'where that can be seen')
    .option('--by <who>', byText)
    .action(async (options: RequestOptions) => {
      tell(await new ServerClient(options).post<Exclusion>('exclusions', bodyOf(options)), options.json);
    });
  const command = new Command('exclusions').description('time that both sides leave out, with who agreed to it');
  for (const each of [list, show, request]) command.addCommand(each);
  for (const [name, description] of Object.entries(decisions)) {
    const decide = verb(name, description)
      .argument('<id>', 'as list prints it')
      .option('--by <who>', byText)
      .option('--comment <text>', 'kept with it', '')
      .action(async (id: string, options: DecisionOptions) => {
        const body: DecisionBody = { by: options.by ?? userInfo().username, comment: options.comment };
        const path = `exclusions/${encodeURIComponent(id)}/${name}`;
        tell(await new ServerClient(options).post<Exclusion>(path, body), options.json);
      });
    command.addCommand(decide);
  }
  return command;
}

function bodyOf(options: RequestOptions): ExclusionBody {
  const { service, from, to, category, reason, by, noticeAt, noticeReference } = options;
  const isTold = noticeAt !== undefined || noticeReference !== undefined;
  return {
    ...{ service, from, to, category, reason, requestedBy: by ?? userInfo().username },
    ...(isTold && { notice: { givenAt: noticeAt ?? '', reference: noticeReference ?? '' } }),
  };
}

function lineOf({ id, from, to, state, service, category, requestedBy, decidedBy, reason }: Exclusion): string {
  const who = decidedBy === null ? requestedBy : `${requestedBy}, ${decidedBy}`;
  return `${id}  ${from} to ${to}  ${state}  ${printable(`${service}  ${category}  ${who}: ${reason}`)}\n`;
}

function detailOf(found: ExclusionDetail): string {
  const { events, effect, notJudged, brokenAt } = found;
  return [
    lineOf(found),
    ...found.warnings.map((warning) => `  ! ${printable(warning)}\n`),
    ...events.map(({ revision, at, state, by, comment }) => {
      return `  ${revision}  ${at}  ${state}  ${printable(`${by} ${comment}`.trimEnd())}\n`;
    }),
    ...(brokenAt === null ? [] : [`  revision ${brokenAt} is not what was recorded\n`]),
    ...effect.map((each) => {
      const side = ({ high, verdict }: typeof each.with) => `${high.bad} bad of ${high.total}, ${verdict}`;
      return `  ${printable(each.slo)}: without it ${side(each.without)}; with it ${side(each.with)}\n`;
    }),
    ...notJudged.map(({ slo, code, reason }) => `  ${printable(`${slo}: not judged, ${code} ${reason}`)}\n`),
  ].join('');
}

function tell(exclusion: Exclusion, json = false): void {
  const warnings = exclusion.warnings.map((warning) => `  ! ${printable(warning)}\n`);
  if (json) print(exclusion);
  else process.stdout.write(lineOf(exclusion).concat(...warnings));
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
