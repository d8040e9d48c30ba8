import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReadBatch, ReadRequest } from '../../core/bus/log.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { makeServer, type Server } from '../../server/app.ts';
import { restore } from '../../server/backup/restore.ts';
import { GeneratedLog, type GeneratedLogOptions } from '../fakes/generated-log.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { aSubjectFolder, runSubject, storedBy } from './exactly-once-fixture.ts';
import { Spawned } from './spawned.ts';
import { today, until } from './store-fixture.ts';

const timeout = 120_000;
const options: GeneratedLogOptions = {
  ...{ seed: 21, messages: 300, hosts: 3, firstSlot: today, readMs: 5, recordsARead: 12 },
};

/** So slow that a backup falls into the middle, until it is let go. */
class SlowLog extends GeneratedLog {
  slow = true;

  override async read(request: ReadRequest): Promise<ReadBatch> {
    if (this.slow) await sleepMs(250, request.signal);
    return super.read(request);
  }
}

const root = mkdtempSync(join(tmpdir(), 'fn-backup-'));
const aFolder = (name: string) => join(root, name);
const folders: string[] = [root];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function product(...args: string[]) {
  const run = Spawned.product(...args);
  return { code: await run.end(), stdout: run.stdout, stderr: run.stderr };
}

interface Told {
  readonly store: readonly { readonly table: string; readonly rows: number }[];
}
const rowsOf = (stdout: string, table: string) =>
  (JSON.parse(stdout) as Told).store.find((told) => told.table === table)?.rows;

describe('a backup', () => {
  let data: string;
  let server: Server;
  let log: SlowLog;
  let lifecycle: Lifecycle;
  const backup = aFolder('running');
  const restored = aFolder('restored');

  beforeAll(async () => {
    data = await aSubjectFolder();
    folders.push(data);
    log = new SlowLog(options);
    server = makeServer({
      ...{ config: aServerConfig({ lingerMs: 50 }), data, bus: log, logId: async () => 'generated' },
      ...{ ingest: { rowsMax: 20 }, logger: silentLogger, version: 'test' },
    });
    lifecycle = new Lifecycle(server.parts, silentLogger);
    await lifecycle.start();
  }, timeout);
  afterAll(() => lifecycle.stop());

  test(
    'of a server that is storing falls between two blocks; restored, another goes on exactly where it was',
    async () => {
      const end = await log.latest(0);
      await until(() => server.ingestStats().batches > 3);
      const { code, stdout, stderr } = await product('backup', '--out', backup, '--server', server.url(), '--json');
      expect([code, stderr]).toEqual([0, '']);
      const messages = rowsOf(stdout, 'tick') ?? 0;
      // Taken in mid-way: that is what is to be shown.
      expect(messages).toBeGreaterThan(0);
      expect(messages).toBeLessThan(log.sums.messages);
      log.slow = false;
      await until(() => server.ingestStats().nextOffset >= end, 60_000);
      expect(readdirSync(join(data, 'clickhouse', 'shadow'))).not.toContain('fournines');

      expect(await product('restore', '--from', backup, '--data', restored)).toMatchObject({ code: 0, stderr: '' });
      expect((await storedBy(restored)).messages).toBe(messages);
      expect(await runSubject(restored, options)).toBe(0);
      expect(await storedBy(restored)).toEqual({ ...log.sums, rolled: log.sums.packets, twice: 0 });
    },
    timeout,
  );

  test('is taken one at a time; a reader that goes away frees it', async () => {
    const first = await fetch(`${server.url()}/api/v1/backups`, { method: 'POST' });
    expect(first.status).toBe(200);
    const second = await fetch(`${server.url()}/api/v1/backups`, { method: 'POST' });
    expect([second.status, ((await second.json()) as { code: string }).code]).toEqual([503, 'FN_BACKUP_BUSY']);
    await first.body?.cancel();
    await until(async () => {
      const third = await fetch(`${server.url()}/api/v1/backups`, { method: 'POST' });
      await third.body?.cancel();
      return third.status === 200;
    });
  });

  test(
    'of a stopped server is read from its folder, and can be verified; a folder with something in it is never written to',
    async () => {
      const stopped = aFolder('stopped');
      const { code, stdout, stderr } = await product('backup', '--out', stopped, '--data', restored, '--json');
      expect([code, stderr]).toEqual([0, '']);
      expect(rowsOf(stdout, 'port_slot')).toBe(log.sums.rows);
      expect(await product('restore', '--from', stopped, '--verify')).toMatchObject({ code: 0, stderr: '' });
      const again = await product('backup', '--out', stopped, '--data', restored);
      expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('is not empty') });
    },
    timeout,
  );

  test('that is spoilt, unfinished or of a newer program is refused before a byte is written', async () => {
    const target = aFolder('never');
    const spoil = async (change: (folder: string) => void) => {
      const from = mkdtempSync(join(root, 'spoilt-'));
      cpSync(backup, from, { recursive: true });
      change(from);
      const { control } = aServerConfig();
      const error = await restore({
        ...{ from, dataFolder: target, control, logger: silentLogger, onProgress: () => undefined },
      }).catch(toFourninesError);
      expect(existsSync(target)).toBe(false);
      return 'code' in error ? error.code : 'restored';
    };
    const manifest = (folder: string) => join(folder, 'manifest.json');
    const change = (folder: string, over: object) => {
      const told = { ...JSON.parse(readFileSync(manifest(folder), 'utf8')), ...over };
      writeFileSync(manifest(folder), JSON.stringify(told));
    };
    const streams = (folder: string) => join(folder, 'control', 'ingest_stream.jsonl');
    const flip = (folder: string) => {
      const bytes = readFileSync(streams(folder));
      bytes[5] = (bytes[5] as number) ^ 1;
      writeFileSync(streams(folder), bytes);
    };
    const outside = { path: '../control/x', bytes: 0, sha256: '0'.repeat(64) };
    expect(await spoil(flip)).toBe('FN_BACKUP_DAMAGED');
    expect(await spoil((folder) => rmSync(streams(folder)))).toBe('FN_BACKUP_DAMAGED');
    expect(await spoil((folder) => rmSync(manifest(folder)))).toBe('FN_BACKUP_DAMAGED');
    expect(await spoil((folder) => writeFileSync(manifest(folder), '{"format": 1'))).toBe('FN_BACKUP_DAMAGED');
    expect(await spoil((folder) => change(folder, { files: [outside] }))).toBe('FN_BACKUP_DAMAGED');
    expect(await spoil((folder) => change(folder, { storeSchema: 9999 }))).toBe('FN_MIGRATION');
    expect(await spoil((folder) => change(folder, { controlSchema: 9999 }))).toBe('FN_MIGRATION');
    expect(await spoil((folder) => change(folder, { format: 2 }))).toBe('FN_MIGRATION');
  });

  test('is not restored over anything, and a failed restore leaves the folder as empty as it was', async () => {
    const { control } = aServerConfig();
    const into = (dataFolder: string, from: string) =>
      restore({ from, dataFolder, control, logger: silentLogger, onProgress: () => undefined });
    const filled = mkdtempSync(join(root, 'filled-'));
    writeFileSync(join(filled, 'mine'), 'x');
    await expect(into(filled, backup)).rejects.toMatchObject({ code: 'FN_USAGE' });
    expect(readdirSync(filled)).toEqual(['mine']);

    const lying = mkdtempSync(join(root, 'lying-'));
    cpSync(backup, lying, { recursive: true });
    const told = JSON.parse(readFileSync(join(lying, 'manifest.json'), 'utf8')) as Told & { store: object[] };
    const store = told.store.map((each) => ({ ...each, rows: each.rows + 1 }));
    writeFileSync(join(lying, 'manifest.json'), JSON.stringify({ ...told, store }));
    const target = aFolder('failed');
    await expect(into(target, lying)).rejects.toMatchObject({ code: 'FN_BACKUP_DAMAGED' });
    expect(readdirSync(target)).toEqual([]);
  });

  test('that was restored in part is no data folder: no server starts on it', async () => {
    const half = mkdtempSync(join(root, 'half-'));
    mkdirSync(join(half, 'clickhouse'));
    writeFileSync(join(half, 'restore-unfinished'), '');
    const started = await product('server', '--data', half, '--port', '0');
    expect(started).toMatchObject({ code: 2, stderr: expect.stringContaining('FN_RESTORE_UNFINISHED') });
  });
});
