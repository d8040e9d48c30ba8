import { Command } from 'commander';
import type { DeadLetterDetail, DeadLetterPage, Replay } from '../../server/api/schema/dead-letters.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface LetterOptions extends ServerOptions {
  readonly json?: boolean;
  readonly code?: string;
  readonly host?: string;
  readonly limit?: string;
}

/** Messages that could not be stored. It asks the running server: the stores belong to that process. */
export function deadLettersCommand(): Command {
  const list = verb('list', 'letters, newest first')
    .option('--code <code>', 'only those with this reason')
    .option('--host <host>', 'only those of this host')
    .option('--limit <number>', 'how many at most', '50')
    .action(async (options: LetterOptions) => {
      const { code, host, limit = '50' } = options;
      const query = new URLSearchParams({ limit, ...(code && { code }), ...(host && { host }) });
      const page = await new ServerClient(options).json<DeadLetterPage>(`dead-letters?${query}`);
      if (options.json) return print(page);
      for (const { id, at, code: why, host: from, seq, size, replayedAt } of page.items) {
        const state = replayedAt === null ? '' : `  replayed ${replayedAt}`;
        process.stdout.write(`${id}  ${at}  ${why}  ${from || 'unreadable'} ${seq ?? ''}  ${size} bytes${state}\n`);
      }
      process.stdout.write(page.items.length === 0 ? 'no dead letters\n' : '');
    });
  const show = verb('show', 'one letter, its bytes in hexadecimal')
    .argument('<id>', 'as list prints it')
    .action(async (id: string, options: LetterOptions) => {
      const letter = await new ServerClient(options).json<DeadLetterDetail>(`dead-letters/${encodeURIComponent(id)}`);
      if (options.json) return print(letter);
      const { bytes, ...head } = letter;
      for (const [name, value] of Object.entries(head)) process.stdout.write(`${name}: ${value ?? ''}\n`);
      process.stdout.write(`${Buffer.from(bytes, 'base64').toString('hex')}\n`);
    });
  const replay = verb('replay', 'send letters in again; what is stored already stays as it is')
    .argument('<id...>', 'as list prints them')
    .action(async (ids: readonly string[], options: LetterOptions) => {
      for (const id of ids) {
        const told = await new ServerClient(options).post<Replay>(`dead-letters/${encodeURIComponent(id)}/replay`);
        if (told.outcome === 'refused') process.exitCode = 1;
        if (options.json) print({ id, ...told });
        else process.stdout.write(`${id}: ${told.outcome} ${told.code} ${told.reason}`.trimEnd().concat('\n'));
      }
    });
  const release = verb('release', 'let another collector take over a host id')
    .argument('<host>')
    .action(async (host: string, options: LetterOptions) => {
      const told = await new ServerClient(options).post(`hosts/${encodeURIComponent(host)}/release`);
      if (options.json) print(told);
      else process.stdout.write(`the next collector that speaks for ${host} takes over\n`);
    });
  const command = new Command('dead-letters').description('messages that could not be stored, and their way back in');
  for (const each of [list, show, replay, release]) command.addCommand(each);
  return command;
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
