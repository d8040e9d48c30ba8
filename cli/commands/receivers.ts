import { userInfo } from 'node:os';
import { Command } from 'commander';
import type { Receiver, ReceiverPage } from '../../server/api/schema/receivers.ts';
import { printable } from '../../server/slo/printable.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface Told extends ServerOptions {
  readonly json?: boolean;
}

interface ListOptions extends Told {
  readonly limit: string;
}

/** Whether receivers take what is sent to them. It asks the running server. */
export function receiversCommand(): Command {
  const list = verb('list', 'receivers that something was to be sent to, and what waits for them')
    .option('--limit <number>', 'how many at most', '200')
    .action(async (options: ListOptions) => {
      const query = new URLSearchParams({ limit: options.limit });
      const page = await new ServerClient(options).json<ReceiverPage>(`receivers?${query}`);
      if (options.json) return print(page);
      process.stdout.write(page.items.length === 0 ? 'no receivers\n' : page.items.map(lineOf).join(''));
    });
  const enable = verb('enable', 'send to a receiver again that was disabled or left alone')
    .argument('<name>', 'as list prints it')
    .option('--by <who>', 'who does it; default: the user of this machine')
    .action(async (name: string, options: Told & { readonly by?: string }) => {
      const path = `receivers/${encodeURIComponent(name)}/enable`;
      const told = await new ServerClient(options).post<Receiver>(path, { by: options.by ?? userInfo().username });
      if (options.json) print(told);
      else process.stdout.write(lineOf(told));
    });
  const command = new Command('receivers').description('whether receivers take what they are sent');
  for (const each of [list, enable]) command.addCommand(each);
  return command;
}

function lineOf({ name, circuit, failures, openUntil, disabled, waiting, oldestSeconds }: Receiver): string {
  const until = openUntil === null ? '' : ` until ${openUntil}`;
  const why = disabled === '' ? '' : ` (${disabled})`;
  const waits = oldestSeconds === null ? 'nothing waits' : `${waiting} wait, the oldest for ${oldestSeconds} s`;
  return `${printable(`${name}  ${circuit}${until}${why}  ${failures} failures in a row  ${waits}`)}\n`;
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
