import { createHash } from 'node:crypto';
import { Command, Option } from 'commander';
import { directions } from '../../core/catalogue/kind-parts.ts';
import type { Seal, SealPage } from '../../server/api/schema/seals.ts';
import { type ChainBreak, firstBreak, type ReadSeal } from '../../server/seal/chain.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface VerifyOptions extends ServerOptions {
  readonly host: string;
  readonly port?: string;
  readonly direction?: string;
  readonly json?: boolean;
}

/** Seals live 13 months; older ones go by and by. */
const agedDays = 390;

interface Told {
  readonly path: string;
  readonly seals: number;
  readonly first: string;
  readonly last: string;
  readonly head: string;
  readonly broken: ChainBreak | undefined;
}

export function verifySealsCommand(): Command {
  return new Command('verify-seals')
    .description('compute the hash of every seal again, and follow the chain of each path to its first break')
    .requiredOption('--host <name>', 'host of the ports')
    .option('--port <name>', 'one port; default: all that have seals')
    .addOption(new Option('--direction <direction>', 'one direction').choices(directions))
    .addOption(serverOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .action(verifySeals);
}

async function verifySeals(options: VerifyOptions): Promise<void> {
  const client = new ServerClient(options);
  const told: Told[] = [];
  // The list comes path by path, each in the order in which its seals were made.
  let path = '';
  let seals: ReadSeal[] = [];
  const close = () => {
    const first = seals[0];
    const last = seals.at(-1);
    if (first === undefined || last === undefined) return;
    const agedBefore = new Date(Date.now() - agedDays * 86_400_000).toISOString().slice(0, 10);
    const broken = firstBreak(seals, agedBefore);
    told.push({ path, seals: seals.length, first: first.day, last: last.day, head: last.sha256, broken });
  };
  for await (const seal of listSeals(client, options)) {
    const of = `${seal.host} ${seal.port} ${seal.direction}`;
    if (of !== path) {
      close();
      path = of;
      seals = [];
    }
    seals.push(await readSeal(client, seal));
  }
  close();
  print(told, options);
  if (told.length === 0 || told.some(({ broken }) => broken !== undefined)) process.exitCode = 1;
}

async function* listSeals(client: ServerClient, options: VerifyOptions): AsyncGenerator<Seal> {
  const query = new URLSearchParams({ host: options.host, limit: '1000' });
  if (options.port !== undefined) query.set('port', options.port);
  if (options.direction !== undefined) query.set('direction', options.direction);
  for (;;) {
    const { items, nextCursor } = await client.json<SealPage>(`seals?${query}`);
    yield* items;
    if (nextCursor === null) return;
    query.set('cursor', nextCursor);
  }
}

/** What stands in the list is not believed: the header is part of what is hashed, and says the rest. */
async function readSeal(client: ServerClient, seal: Seal): Promise<ReadSeal> {
  const parts = [seal.host, seal.port, seal.direction, seal.sha256].map(encodeURIComponent);
  const { text } = await client.stream(`seals/${parts.join('/')}`);
  const hash = createHash('sha256');
  const head: Uint8Array[] = [];
  let headWhole = false;
  let lines = 0;
  for await (const piece of text) {
    hash.update(piece);
    const end = piece.indexOf(10);
    if (!headWhole) head.push(end < 0 ? piece : piece.subarray(0, end));
    headWhole ||= end >= 0;
    for (const byte of piece) if (byte === 10) lines++;
  }
  const header = headerOf(Buffer.concat(head).toString('utf8'));
  const aged = lines === 1 && seal.lines + seal.asides > 0;
  return { ...header, sha256: seal.sha256, computed: aged ? undefined : hash.digest('hex') };
}

function headerOf(text: string): Pick<ReadSeal, 'day' | 'revision' | 'entry' | 'previous' | 'revises'> {
  const none = { day: '', revision: 0, entry: 0, previous: null, revises: null };
  try {
    return { ...none, ...(JSON.parse(text) as object) };
  } catch {
    // Bytes that are no header have no place in a chain: the hash tells.
    return none;
  }
}

function print(told: readonly Told[], { host, port, json }: VerifyOptions): void {
  if (json) {
    const paths = told.map(({ broken, ...rest }) => ({
      ...rest,
      holds: broken === undefined,
      break: broken === undefined ? null : { day: broken.seal.day, entry: broken.seal.entry, what: broken.what },
    }));
    process.stdout.write(`${JSON.stringify({ paths })}\n`);
    return;
  }
  if (told.length === 0) process.stdout.write(`no seals of ${port === undefined ? host : `${port} on ${host}`}\n`);
  for (const { path, seals, first, last, head, broken } of told) {
    process.stdout.write(`${path}: ${seals} seals, ${first} to ${last}, head sha256 ${head}: `);
    if (broken === undefined) process.stdout.write('holds\n');
    else process.stdout.write(`BROKEN at entry ${broken.seal.entry} (${broken.seal.day}): ${broken.what}\n`);
  }
}
