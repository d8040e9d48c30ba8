import { userInfo } from 'node:os';
import { Command } from 'commander';
import type { BreachComment, BreachComments, CommentBody } from '../../server/api/schema/acts.ts';
import type { Breach } from '../../server/api/schema/breaches.ts';
import type { DecisionBody } from '../../server/api/schema/exclusions.ts';
import { printable } from '../../server/slo/printable.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface Told extends ServerOptions {
  readonly json?: boolean;
}

interface SaidOptions extends Told {
  readonly by?: string;
  readonly comment?: string;
}

/** What people say about breaches. It asks the running server. */
export function breachesCommand(): Command {
  const acknowledge = verb('acknowledge', 'say that somebody takes care of it: repetitions and escalation stop')
    .option('--comment <text>', 'kept with it', '')
    .option('--by <who>', 'who does it; default: the user of this machine')
    .action(async (id: string, options: SaidOptions) => {
      const body: DecisionBody = { by: options.by ?? userInfo().username, comment: options.comment ?? '' };
      const breach = await new ServerClient(options).post<Breach>(
        `breaches/${encodeURIComponent(id)}/acknowledge`,
        body,
      );
      const { state, acknowledgedBy } = breach;
      // What is over is given as it is.
      if (acknowledgedBy !== body.by) process.exitCode = 1;
      if (options.json) return print(breach);
      process.stdout.write(`${printable(`${id}  ${state}  ${acknowledgedBy ?? 'nobody'} takes care of it`)}\n`);
    });
  const comment = verb('comment', 'say something about it; without a text: what was said')
    .argument('[text]', 'kept for good')
    .option('--by <who>', 'who says it; default: the user of this machine')
    .action(async (id: string, text: string | undefined, options: SaidOptions) => {
      const client = new ServerClient(options);
      const path = `breaches/${encodeURIComponent(id)}/comments`;
      if (text === undefined) {
        const found = await client.json<BreachComments>(path);
        if (options.json) return print(found);
        process.stdout.write(found.items.length === 0 ? 'no comments\n' : found.items.map(lineOf).join(''));
        return;
      }
      const body: CommentBody = { by: options.by ?? userInfo().username, comment: text };
      const said = await client.post<BreachComment>(path, body);
      if (options.json) print(said);
      else process.stdout.write(lineOf(said));
    });
  const command = new Command('breaches').description('what people say about breaches');
  for (const each of [acknowledge, comment]) command.addCommand(each);
  return command;
}

function lineOf({ at, by, via, comment }: BreachComment): string {
  return `${printable(`${at}  ${by} (${via}): ${comment}`)}\n`;
}

function verb(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<id>', 'of the breach')
    .addOption(serverOption())
    .addOption(configOption())
    .addOption(jsonOption());
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
