import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Command, Option } from 'commander';
import { directions } from '../../core/catalogue/kind-parts.ts';
import { FourninesError, systemCode } from '../../core/runtime/error.ts';
import { slotSources } from '../../server/seal/path-days.ts';
import { configOption, jsonOption } from '../options.ts';
import { ServerClient, type ServerOptions, serverOption } from '../server-client.ts';

interface ExportOptions extends ServerOptions {
  readonly host: string;
  readonly port: string;
  readonly direction?: string;
  readonly from: string;
  readonly to: string;
  readonly source: string;
  readonly run: string;
  readonly out?: string;
  readonly json?: boolean;
}

export function exportSlotsCommand(): Command {
  return new Command('export-slots')
    .description('write the seconds behind a verdict as a file that fournines evaluate reads')
    .requiredOption('--host <name>', 'host of the port')
    .requiredOption('--port <name>', 'port, as the datapath says it')
    .addOption(new Option('--direction <direction>', 'one direction; default: all that have rows').choices(directions))
    .requiredOption('--from <instant>', 'first second, RFC 3339')
    .requiredOption('--to <instant>', 'second behind the last one')
    .addOption(
      new Option('--source <source>', 'raw rows, seals, or for each day raw rows while they are there')
        .choices(slotSources)
        .default('auto'),
    )
    .option('--run <slots>', "longest run of an objective's availability; 0: no rows before the window", '10')
    .option('--out <file>', 'file to write; default: standard output')
    .addOption(serverOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .action(exportSlots);
}

async function exportSlots(options: ExportOptions): Promise<void> {
  const client = new ServerClient(options);
  const query = new URLSearchParams({ host: options.host, port: options.port, from: options.from, to: options.to });
  query.set('source', options.source);
  query.set('run', options.run);
  if (options.direction !== undefined) query.set('direction', options.direction);
  const { headers, text } = await client.stream(`slots?${query}`);
  const lines = options.out === undefined ? await copy(text, process.stdout) : await writeFile(text, options.out);
  const days = (name: string) => Number(headers.get(`fournines-${name}-days`) ?? 0);
  const told = { lines, rawDays: days('raw'), sealedDays: days('sealed'), verify: verifyCommand(options) };
  // Standard output may be the file itself: what is told of it goes beside it.
  const out = options.out === undefined ? process.stderr : process.stdout;
  if (options.json) out.write(`${JSON.stringify(told)}\n`);
  else {
    out.write(`${lines} lines; days of paths from raw rows: ${told.rawDays}, from seals: ${told.sealedDays}\n`);
    out.write(`check the seals of these days: ${told.verify}\n`);
  }
}

function verifyCommand(options: ExportOptions): string {
  const words = ['fournines verify-seals', '--host', quoted(options.host), '--port', quoted(options.port)];
  if (options.direction !== undefined) words.push('--direction', options.direction);
  if (options.server !== undefined) words.push('--server', quoted(options.server));
  if (options.config !== undefined) words.push('--config', quoted(options.config));
  return words.join(' ');
}

function quoted(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Writes beside the file and renames at the end: a file of that name is always whole. */
async function writeFile(text: AsyncIterable<Uint8Array>, path: string): Promise<number> {
  const draft = `${path}.part`;
  try {
    const file = createWriteStream(draft, { mode: 0o640 });
    await once(file, 'open');
    const lines = await copy(text, file);
    file.end();
    await finished(file);
    renameSync(draft, path);
    return lines;
  } catch (error) {
    rmSync(draft, { force: true });
    const code = systemCode(error);
    if (error instanceof FourninesError || code === undefined) throw error;
    throw new FourninesError('FN_USAGE', `${path} cannot be written (${code})`, { cause: error });
  }
}

/** Gives the number of lines. */
async function copy(text: AsyncIterable<Uint8Array>, out: Writable): Promise<number> {
  let lines = 0;
  for await (const piece of text) {
    for (const byte of piece) if (byte === 10) lines++;
    if (!out.write(piece)) await once(out, 'drain');
  }
  return lines;
}
