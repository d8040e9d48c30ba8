import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { Session } from 'chdb';
import { createChdbConnection } from 'chdb/connection';
import { type Lane, lanes } from '../engine.ts';
import type { RawStoreError } from '../store-error.ts';
import { engineConfigXml, sessionStatements } from './engine-config.ts';
import type { Reply, Request, RunRequest } from './protocol.ts';

/**
 * Entry of the engine's own process: chDB under the official client. A crash or a runaway statement of the engine ends
 * this process only. It has one connection a lane: one connection runs one statement at a time, two run side by side.
 */

const path = process.argv[2];
if (path === undefined || process.send === undefined) process.exit(2);

// Ctrl-C reaches the whole process group; the parent has rows to flush first and closes us by message.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

// The parent is gone: hold the folder no longer, whatever runs. MergeTree survives a kill at any point.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

const reply = (message: Reply) => {
  if (process.connected) process.send?.(message);
};

/** A comment before the statement: the only mark that `system.processes` shows and that chDB lets us choose. */
const mark = (id: number) => `/*fn:${id}*/`;

/** chDB's types come with a copy of the client's of their own; the contract is the same. */
type Injected = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

const clients = new Map<Lane | 'control', ClickHouseClient>();

function client(name: Lane | 'control'): ClickHouseClient {
  return clients.get(name) as ClickHouseClient;
}

async function open(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'fournines-engine.xml');
  writeFileSync(config, engineConfigXml());
  // The first session of a process fixes the server's configuration; the client's connections join it by the path.
  const session = new Session(folder, { connectionArgs: [`--config-file=${config}`] });
  for (const name of [...lanes, 'control'] as const) await connect(name, folder);
  process.once('exit', () => session.close());
  const answer = await client('control').query({ query: 'SELECT version() AS version', format: 'JSONEachRow' });
  return String((await answer.json<{ version: string }>())[0]?.version);
}

async function connect(name: Lane | 'control', folder: string): Promise<void> {
  await clients.get(name)?.close();
  const opened = createClient({ connection: createChdbConnection({ path: folder }) as unknown as Injected });
  clients.set(name, opened);
  if (name === 'control') return;
  for (const query of sessionStatements(name)) await opened.command({ query });
}

async function run(request: RunRequest): Promise<void> {
  const query = `${mark(request.id)} ${request.sql}`;
  try {
    if (request.parameters === undefined) {
      await client(request.lane).command({ query });
      reply({ type: 'done', id: request.id, text: '' });
      return;
    }
    const answer = await client(request.lane).query({
      query,
      query_params: { ...request.parameters },
      format: 'JSONEachRow',
    });
    reply({ type: 'done', id: request.id, text: await answer.text() });
  } catch (error) {
    // chDB 3.4.0: what a failed statement had already written comes out in front of the next answer of its connection.
    // A new connection costs about 1 ms; a test guards this.
    await connect(request.lane, path as string);
    reply({ type: 'failed', id: request.id, error: rawErrorOf(error) });
  }
}

async function cancel(id: number): Promise<void> {
  // Failing to cancel is no news: the parent kills this process when the statement goes on.
  await client('control')
    .command({ query: `KILL QUERY WHERE startsWith(query, '${mark(id)}') ASYNC` })
    .catch(() => undefined);
}

async function close(): Promise<void> {
  for (const each of clients.values()) await each.close();
  process.exit(0);
}

/** By shape, not by class: chDB brings a ClickHouseError class of its own. */
function rawErrorOf(error: unknown): RawStoreError {
  if (!(error instanceof Error)) return { code: '', type: '', message: String(error) };
  const { code, type } = error as { code?: unknown; type?: unknown };
  return {
    code: typeof code === 'string' ? code : '',
    type: typeof type === 'string' ? type : '',
    message: error.message,
  };
}

try {
  const version = await open(path);
  process.on('message', (message: Request) => {
    if (message.type === 'run') void run(message);
    else if (message.type === 'cancel') void cancel(message.id);
    else void close();
  });
  reply({ type: 'ready', version });
} catch (error) {
  process.send?.({ type: 'unopened', message: rawErrorOf(error).message } satisfies Reply, () => process.exit(1));
}
