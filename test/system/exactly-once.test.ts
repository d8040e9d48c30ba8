import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../../core/runtime/logger.ts';
import { EmbeddedStore } from '../../server/control/embedded/embedded-store.ts';
import type { IngestPoint } from '../../server/ingest/inserter.ts';
import { EmbeddedEngine } from '../../server/store/embedded/engine.ts';
import { GeneratedLog, type GeneratedLogOptions, type GeneratedSums } from '../fakes/generated-log.ts';
import { placeControl } from './control-fixture.ts';
import { Spawned } from './spawned.ts';
import { today } from './store-fixture.ts';

const subject = fileURLToPath(new URL('./exactly-once-subject.ts', import.meta.url));
const memorySubject = fileURLToPath(new URL('./exactly-once-memory.ts', import.meta.url));
const points: readonly IngestPoint[] = ['fetched', 'cutRecorded', 'inserted', 'ledgerAfter'];
/** Several starts of a whole server, one after another. */
const timeout = 300_000;
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function aFolder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fn-exactly-'));
  folders.push(folder);
  await placeControl(folder);
  return folder;
}

/** Runs a server until it has stored all, or has killed itself. */
async function run(
  folder: string,
  log: GeneratedLogOptions,
  kill: readonly string[] = [],
  program = subject,
): Promise<number | string> {
  const server = new Spawned(process.execPath, [program, folder, JSON.stringify(log), ...kill]);
  const code = await server.end();
  if (code !== 0 && code !== 'SIGKILL') throw new Error(server.stderr);
  return code;
}

/** What the store holds, in the words of the generator; `twice` counts messages that are there more than once. */
async function stored(folder: string): Promise<GeneratedSums & { rolled: bigint; twice: number }> {
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

describe('a server that is killed with -9 at every point of its way', () => {
  test(
    'stores each message once: rows, sums and rollups are those of the generator, poison is kept',
    async () => {
      const folder = await aFolder();
      const options = { seed: 1, messages: 150, hosts: 3, firstSlot: today, readMs: 15, recordsARead: 20 };
      const hits = new Map<string, number>();
      for (const [round, point] of points.entries()) {
        const code = await run(folder, options, [point, String(1 + (round % 2))]);
        if (code === 'SIGKILL') hits.set(point, (hits.get(point) ?? 0) + 1);
      }
      expect([...hits].sort()).toEqual([...points].map((point) => [point, 1]).sort());
      expect(await run(folder, options)).toBe(0);
      const { sums } = new GeneratedLog(options);
      expect(await stored(folder)).toEqual({ ...sums, rolled: sums.packets, twice: 0 });
    },
    timeout,
  );

  test(
    'and whoever reads the whole log again under another name adds nothing but letters',
    async () => {
      const folder = await aFolder();
      const options = { seed: 7, messages: 120, hosts: 2, firstSlot: today, readMs: 5, recordsARead: 50 };
      expect(await run(folder, options)).toBe(0);
      const control = new EmbeddedStore({ folder: join(folder, 'control'), logger: silentLogger });
      // The ledger forgets where it was: the log is read from its beginning, in other blocks.
      await control.query("UPDATE ingest_block SET topic = 'before'");
      await control.close();
      expect(await run(folder, { ...options, readMs: 2, recordsARead: 33 })).toBe(0);
      const { sums } = new GeneratedLog(options);
      const { poison, ...rest } = await stored(folder);
      expect(rest).toEqual({
        messages: sums.messages,
        rows: sums.rows,
        packets: sums.packets,
        rolled: sums.packets,
        twice: 0,
      });
      expect(poison).toBeGreaterThanOrEqual(sums.poison);
    },
    timeout,
  );
});

describe('with the bus in memory and a spool before it', () => {
  test(
    'killed at every point, nothing is lost and nothing doubled: recorded blocks are kept on disk, the rest comes again',
    async () => {
      const folder = await aFolder();
      const options = { seed: 3, messages: 60, hosts: 2, firstSlot: today, readMs: 0, recordsARead: 100 };
      const ends: (number | string)[] = [];
      for (const point of points) ends.push(await run(folder, options, [point, '2'], memorySubject));
      expect(ends).toEqual(points.map(() => 'SIGKILL'));
      expect(await run(folder, options, [], memorySubject)).toBe(0);
      const { sums } = new GeneratedLog(options);
      const { poison, ...rest } = await stored(folder);
      expect(rest).toEqual({
        messages: sums.messages,
        rows: sums.rows,
        packets: sums.packets,
        rolled: sums.packets,
        twice: 0,
      });
      // What cannot be read has no sequence: it may be kept twice.
      expect(poison).toBeGreaterThanOrEqual(sums.poison);
    },
    timeout,
  );
});
