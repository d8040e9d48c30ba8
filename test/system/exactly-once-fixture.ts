import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '../../core/runtime/logger.ts';
import { EmbeddedStore } from '../../server/control/embedded/embedded-store.ts';
import type { IngestPoint } from '../../server/ingest/inserter.ts';
import { EmbeddedEngine } from '../../server/store/embedded/engine.ts';
import type { GeneratedLogOptions, GeneratedSums } from '../fakes/generated-log.ts';
import { placeControl } from './control-fixture.ts';
import { Spawned } from './spawned.ts';

/** A server on a log that outlives it. */
export const logSubject = fileURLToPath(new URL('./exactly-once-subject.ts', import.meta.url));
/** A server with the bus in memory and a spool before it. */
export const memorySubject = fileURLToPath(new URL('./exactly-once-memory.ts', import.meta.url));
export const points: readonly IngestPoint[] = ['fetched', 'cutRecorded', 'inserted', 'ledgerAfter'];

/** An empty data folder with a control store that is ready. */
export async function aSubjectFolder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fn-exactly-'));
  await placeControl(folder);
  return folder;
}

export function startSubject(
  folder: string,
  log: GeneratedLogOptions & { readonly lingerMs?: number },
  kill: readonly string[] = [],
  program = logSubject,
): Spawned {
  return new Spawned(process.execPath, [program, folder, JSON.stringify(log), ...kill]);
}

/** Runs a server until it has stored all, or has been killed. */
export async function endOfSubject(server: Spawned): Promise<number | string> {
  const code = await server.end();
  if (code !== 0 && code !== 'SIGKILL') throw new Error(server.stderr);
  return code;
}

/** Runs a server until it has stored all, or has killed itself. */
export function runSubject(...start: Parameters<typeof startSubject>): Promise<number | string> {
  return endOfSubject(startSubject(...start));
}

/** The ledger forgets where it was: the log is read from its beginning, in other blocks. Gives the blocks so far. */
export async function forgetOffsets(folder: string): Promise<number> {
  const control = new EmbeddedStore({ folder: join(folder, 'control'), logger: silentLogger });
  try {
    return (await control.query("UPDATE ingest_block SET topic = 'before' RETURNING 1")).length;
  } finally {
    await control.close();
  }
}

/** What the store holds, in the words of the generator; `twice` counts messages that are there more than once. */
export async function storedBy(folder: string): Promise<GeneratedSums & { rolled: bigint; twice: number }> {
  const engine = new EmbeddedEngine({ path: join(folder, 'clickhouse'), logger: silentLogger });
  await engine.start();
  try {
    const [row] = (await engine.query(
      `SELECT (SELECT count() FROM tick) AS messages, (SELECT count() FROM port_slot) AS rows,
        (SELECT sum(packets_inc) FROM port_slot) AS packets, (SELECT sum(packets) FROM port_1m) AS rolled,
        (SELECT count() FROM dead_letter) AS poison,
        (SELECT count() FROM (SELECT 1 FROM tick GROUP BY host, stream, seq HAVING count() > 1)) AS twice`,
      {},
      { deadlineMs: 10_000 },
    )) as Record<string, string>[];
    return {
      messages: Number(row?.['messages']),
      rows: Number(row?.['rows']),
      packets: BigInt(row?.['packets'] ?? -1),
      rolled: BigInt(row?.['rolled'] ?? -1),
      poison: Number(row?.['poison']),
      twice: Number(row?.['twice']),
    };
  } finally {
    await engine.close();
  }
}
