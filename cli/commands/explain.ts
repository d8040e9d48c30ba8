import { Command } from 'commander';
import type { ExplainedRow, Explanation, FurtherUp, Judged } from '../../server/api/schema/explain.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface ExplainOptions extends ServerOptions {
  readonly host: string;
  readonly port: string;
  readonly from: string;
  readonly to: string;
  readonly rules?: string;
  readonly json?: boolean;
}

export function explainCommand(): Command {
  return new Command('explain')
    .description('say whose each lost packet of a port was, by which rule, and what it was decided by')
    .requiredOption('--host <name>', 'host of the port')
    .requiredOption('--port <name>', 'port, as the datapath says it')
    .requiredOption('--from <instant>', 'first second, RFC 3339')
    .requiredOption('--to <instant>', 'second behind the last one')
    .option('--rules <version>', 'also what another version of the rules says of the same readings')
    .addOption(serverOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit code: 0 every second is known, every lost packet has an owner, and none was lost further up; 1 not so.',
    )
    .action(explain);
}

async function explain(options: ExplainOptions): Promise<void> {
  const { host, port, from, to, rules } = options;
  const query = new URLSearchParams({ host, port, from, to, ...(rules === undefined ? {} : { rules }) });
  const told = await new ServerClient(options).json<Explanation>(`explain?${query}`);
  process.stdout.write(options.json ? `${JSON.stringify(told)}\n` : explanationText(told));
  if (told.packets.unknown !== '0' || untoldLines(told).length > 0) process.exitCode = 1;
}

/** The story of a window as lines for people. */
export function explanationText(told: Explanation): string {
  const { host, port, window, packets, items } = told;
  const head = `${port} on ${host}, ${window.from} to ${window.to}`;
  const untold = untoldLines(told);
  const said = items.length === 0 ? 'no row tells of a loss' : ownersText(packets);
  const rows = items.flatMap((item) => rowLines(item, item.direction));
  return `${[`${head}: ${said}`, ...untold, ...rows, ...besideLines(told)].join('\n')}\n`;
}

function rowLines(item: ExplainedRow, whose: string): string[] {
  return [
    '',
    `${item.from} to ${item.to}  ${whose}  ${item.packets} packets  ${item.cause}${countersOf(item)}`,
    ...(item.told === null ? ['  unknown: nobody has said yet whose they are'] : judgedLines(item.told)),
    ...(item.replayed === null ? [] : ['  replayed:', ...judgedLines(item.replayed)]),
    ...(item.evidence === '' ? [] : [`  evidence ${item.evidence}, revision ${item.revision}`]),
  ];
}

/** What a datapath tells of guests that were away; this port's may have been the one, or one of several. */
function besideLines({ port, beside }: Explanation): string[] {
  return beside.flatMap((row) => {
    const isAlone = row.ports.length === 1;
    return rowLines(
      row,
      `${row.datapath}, in no sum of ${port}: to ${isAlone ? port : `some of ${row.ports.join(', ')}`}`,
    );
  });
}

/** What no row tells, which is neither nothing nor good. */
function untoldLines({ paths, furtherUp }: Explanation): string[] {
  if (paths.length === 0) return ['  nothing of the port was stored: what happened there is not known'];
  const lines = paths.flatMap(({ direction, slots, pending, unexplained }) => [
    ...(slots.unknown === 0 ? [] : [`  ${direction}: ${slots.unknown} of ${slots.expected} seconds are not known`]),
    ...(pending === '0' ? [] : [`  ${direction}: of ${pending} lost packets the cause has not been told yet`]),
    ...(unexplained === '0' ? [] : [`  ${direction}: of ${unexplained} lost packets no cause was told`]),
  ]);
  return [...lines, ...furtherUp.flatMap(furtherUpLines)];
}

function furtherUpLines({ uplink, packets, unknownSeconds, estimate }: FurtherUp): string[] {
  const byRate = estimate === null ? 'by rate nobody can say' : `an estimate by rate: ${estimate}`;
  return [
    ...(packets === '0'
      ? []
      : [
          `  toGuest: ${uplink} lost ${packets} before anybody knew whose they were; 0 to ${packets} were of this port (${byRate})`,
        ]),
    ...(unknownSeconds === 0
      ? []
      : [`  toGuest: of ${unknownSeconds} seconds nobody knows what ${uplink} lost before`]),
  ];
}

function judgedLines({ owners, rule, ruleVersion, story }: Judged): string[] {
  return [`  ${ownersText(owners)}, rule ${rule} of version ${ruleVersion}`, `  ${story}`];
}

function ownersText(owners: Explanation['packets']): string {
  const some = Object.entries(owners).filter(([, packets]) => packets !== '0');
  return some.map(([owner, packets]) => `${owner} ${packets}`).join(', ');
}

function countersOf({ counters }: ExplainedRow): string {
  return counters.length === 0 ? '' : ` (${counters.join(' ')})`;
}
