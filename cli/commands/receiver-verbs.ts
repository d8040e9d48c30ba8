import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import type { MadeKey, SentTest } from '../../server/api/schema/alerting.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface NewKeyOptions extends ServerOptions {
  readonly kind: 'hmac' | 'ed25519';
  readonly by?: string;
  readonly json?: boolean;
}

interface TestSendOptions extends ServerOptions {
  readonly by?: string;
  readonly json?: boolean;
}

/** `webhooks new-key`: makes a key on the server and shows its secret once. */
export function newKeyCommand(): Command {
  return verb('new-key', 'make a key that requests to a receiver are signed with; those before it sign a week longer')
    .addOption(
      new Option('--kind <kind>', 'hmac: a shared secret; ed25519: a pair, of which the receiver gets the public half')
        .choices(['hmac', 'ed25519'])
        .default('hmac'),
    )
    .option('--by <who>', 'who does it, kept with the key; default: the user of this machine')
    .addHelpText('after', '\nThe secret is shown this once, and never again.')
    .action(async (receiver: string, options: NewKeyOptions) => {
      const { kind, by = userInfo().username, json } = options;
      const path = `receivers/${encodeURIComponent(receiver)}/keys`;
      const made = await new ServerClient(options).post<MadeKey>(path, { kind, by });
      if (json) process.stdout.write(`${JSON.stringify(made)}\n`);
      else process.stdout.write(`key ${made.id}; give this to the receiver:\n${made.publicKey ?? made.secret}\n`);
    });
}

/** `webhooks test-send`: a sample goes the whole way. */
export function testSendCommand(): Command {
  return verb('test-send', 'send a sample to a receiver, the whole way that notifications go')
    .option('--by <who>', 'who does it; default: the user of this machine')
    .action(async (receiver: string, options: TestSendOptions) => {
      const path = `receivers/${encodeURIComponent(receiver)}/test`;
      const { by = userInfo().username } = options;
      const sent = await new ServerClient(options).post<SentTest>(path, { by });
      if (options.json) process.stdout.write(`${JSON.stringify(sent)}\n`);
      else process.stdout.write(`on its way as ${sent.delivery}\n`);
    });
}

function verb(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<receiver>', 'its name, as the document of receivers and routes has it')
    .addOption(serverOption())
    .addOption(configOption())
    .addOption(jsonOption());
}
