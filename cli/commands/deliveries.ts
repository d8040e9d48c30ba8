import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import { FourninesError } from '../../core/runtime/error.ts';
import type {
  Delivery,
  DeliveryDetail,
  DeliveryPage,
  ReplayBody,
  Replayed,
  ToldAlert,
} from '../../server/api/schema/deliveries.ts';
import { isoOf } from '../../server/slo/instant.ts';
import { printable } from '../../server/slo/printable.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface Told extends ServerOptions {
  readonly json?: boolean;
}

interface ListOptions extends Told {
  readonly receiver?: string;
  readonly tenant?: string;
  readonly state?: Delivery['state'];
  readonly limit: string;
}

interface ReplayOptions extends Told {
  readonly receiver?: string;
  readonly from?: string;
  readonly to?: string;
  readonly by?: string;
}

const states: readonly Delivery['state'][] = ['waiting', 'delivered', 'dead'];

/** What was told to whom, and what became of it. It asks the running server: the stores belong to that process. */
export function deliveriesCommand(): Command {
  const list = verb('list', 'deliveries, newest first')
    .option('--receiver <name>', 'only those to this receiver')
    .option('--tenant <name>', 'only those for this tenant')
    .addOption(new Option('--state <state>', 'only those that are so now').choices(states))
    .option('--limit <number>', 'how many at most', '50')
    .action(async (options: ListOptions) => {
      const { receiver, tenant, state, limit } = options;
      const query = new URLSearchParams({
        ...{ limit, ...(receiver && { receiver }) },
        ...(tenant && { tenant }),
        ...(state && { state }),
      });
      const page = await new ServerClient(options).json<DeliveryPage>(`deliveries?${query}`);
      if (options.json) return print(page);
      process.stdout.write(page.items.length === 0 ? 'no deliveries\n' : page.items.map(lineOf).join(''));
    });
  const show = verb('show', 'one delivery: what it says, and each attempt')
    .argument('<id>', 'as list prints it')
    .action(async (id: string, options: Told) => {
      const found = await new ServerClient(options).json<DeliveryDetail>(`deliveries/${encodeURIComponent(id)}`);
      if (options.json) print(found);
      else process.stdout.write(detailOf(found));
    });
  const replay = verb('replay', 'let dead letters go out again, under their ids and in their order')
    .argument('[id...]', 'as list prints them; none: those that the options choose')
    .option('--receiver <name>', 'those to this receiver')
    .option('--from <instant>', 'those decided then or later, as 2026-11-28T02:00:00Z')
    .option('--to <instant>', 'those decided before')
    .option('--by <who>', 'who does it; default: the user of this machine')
    .action(replayThem);
  const command = new Command('deliveries').description('what was told to receivers, and the way back of dead letters');
  for (const each of [list, show, replay]) command.addCommand(each);
  return command;
}

async function replayThem(ids: readonly string[], options: ReplayOptions): Promise<void> {
  const { receiver, from, to, by = userInfo().username, json = false } = options;
  const choice = { ...(receiver && { receiver }), ...(from && { from }), ...(to && { to }) };
  const isChosen = Object.keys(choice).length > 0;
  if (ids.length > 0 === isChosen)
    throw new FourninesError('FN_USAGE', 'replay takes ids, or a choice by --receiver, --from and --to', {
      hint: 'Give one of both: fournines deliveries replay ID, or fournines deliveries replay --receiver NAME.',
    });
  const client = new ServerClient(options);
  const bodies: readonly ReplayBody[] = isChosen ? [choice] : ids.map((id) => ({ id }));
  let replayed = 0;
  let more = false;
  for (const body of bodies) {
    const told = await client.post<Replayed>('deliveries/replay', { ...body, by });
    replayed += told.replayed;
    more = told.more;
  }
  if (json) return print({ replayed, more });
  const rest = more ? '; there may be more, ask again' : '';
  process.stdout.write(`${replayed} dead ${replayed === 1 ? 'letter waits' : 'letters wait'} again${rest}\n`);
}

function lineOf({ id, decidedAt, receiver, tenant, reason, state, summary, alerts, ...rest }: Delivery): string {
  const { attempts, code, last } = rest;
  const tries = last === null ? 'no attempt' : `${countOf(attempts, 'attempt')}, last ${answerText(last)}`;
  const whom = `${receiver}  ${tenant ?? 'no tenant'}  ${reason}`;
  const what = `${summary === '' ? 'no alerts' : summary}${alerts > 1 ? ` and ${alerts - 1} more` : ''}`;
  return `${printable(id)}  ${decidedAt}  ${state}  ${printable(`${whom}  ${tries}${code && ` ${code}`}  ${what}`)}\n`;
}

function answerText({
  status,
  outcome,
  latencyMs,
}: Pick<NonNullable<Delivery['last']>, 'status' | 'outcome' | 'latencyMs'>): string {
  return `${outcome} ${status ?? 'without an answer'} in ${latencyMs} ms`;
}

function detailOf(found: DeliveryDetail): string {
  const { notification, log, dueAt, untilAt } = found;
  const { group, sequence, alerts, leftOut } = notification;
  const labels = Object.entries(group.labels).map(([name, value]) => `${name}=${value}`);
  const lines = [
    `number ${sequence} of its group (${labels.join(', ') || 'all'}) to ${found.receiver}`,
    ...(dueAt === null ? [] : [`due ${dueAt}, a dead letter from ${untilAt} on`]),
    ...alerts.map(alertText),
    ...(leftOut === 0 ? [] : [`${countOf(leftOut, 'alert')} more for which there was no room`]),
    ...log.map(({ attempt, at, code, detail, ...answer }) =>
      `attempt ${attempt}  ${at}  ${answerText(answer)}  ${code} ${detail}`.trimEnd(),
    ),
    ...(log.length === 0 ? ['no attempt was made'] : []),
  ];
  return lineOf(found).concat(...lines.map((line) => `  ${printable(line)}\n`));
}

function alertText({ status, severity, startsAt, endsAt, facts }: ToldAlert): string {
  const when = endsAt === null ? `since ${isoOf(startsAt)}` : `${isoOf(startsAt)} to ${isoOf(endsAt)}`;
  return `${status} ${severity}  ${when}  ${facts.objective.name}: ${facts.summary}`;
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
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
