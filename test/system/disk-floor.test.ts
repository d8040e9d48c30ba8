import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import type { Health } from '../../server/api/schema/health.ts';
import { makeServer } from '../../server/app.ts';
import { GeneratedLog } from '../fakes/generated-log.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { placeControl } from './control-fixture.ts';
import { storedBy } from './exactly-once-fixture.ts';
import { today, until } from './store-fixture.ts';

const MiB = 1024 * 1024;
const free = (folder: string) => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

describe.skipIf(process.getuid?.() !== 0)("a data folder's disk without room", () => {
  test('holds up ingest alone: questions are answered, rows wait, and go in by themselves when there is room', async () => {
    const data = mkdtempSync(join(tmpdir(), 'fn-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512m', 'tmpfs', data], { stdio: 'ignore' });
    const log = new GeneratedLog({
      ...{ seed: 5, messages: 120, hosts: 2, firstSlot: today, readMs: 30, recordsARead: 5 },
    });
    const end = await log.latest(0);
    await placeControl(data);
    const server = makeServer({
      config: aServerConfig({ lingerMs: 50, diskLowBytes: 200 * MiB, diskFloorBytes: 100 * MiB }),
      ...{ data, bus: log, logId: async () => 'generated', logger: silentLogger, version: 'test' },
      ingest: { rowsMax: 20 },
    });
    const lifecycle = new Lifecycle(server.parts, silentLogger);
    const disk = async () => {
      const health = (await (await fetch(`${server.url()}/api/v1/health`)).json()) as Health;
      return { status: health.status, reason: health.checks.find(({ name }) => name === 'disk')?.reason ?? '' };
    };
    try {
      await lifecycle.start();
      await until(() => server.ingestStats().batches > 1);
      expect(await disk()).toMatchObject({ reason: '' });
      writeFileSync(join(data, 'ballast'), Buffer.alloc(free(data) - 60 * MiB));
      await until(async () => (await disk()).reason.includes('nothing new is stored, rows wait'));
      // What was on its way goes in; then nothing moves although the log has more.
      let stood = server.ingestStats().nextOffset;
      let looks = 0;
      await until(() => {
        const { nextOffset } = server.ingestStats();
        looks = nextOffset === stood ? looks + 1 : 0;
        stood = nextOffset;
        return looks > 40;
      });
      expect(stood).toBeLessThan(end);
      expect((await disk()).status).toBe('degraded');
      const answers = await Promise.all(
        ['api/v1/health/ready', 'api/v1/hosts', 'metrics'].map((path) => fetch(`${server.url()}/${path}`)),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(await answers[2]?.text()).toContain('\nfournines_disk_full 1\n');
      rmSync(join(data, 'ballast'));
      await until(() => server.ingestStats().nextOffset >= end, 60_000);
      await lifecycle.stop();
      expect(await storedBy(data)).toEqual({ ...log.sums, rolled: log.sums.packets, twice: 0 });
    } finally {
      await lifecycle.stop();
      execFileSync('umount', ['-l', data]);
      rmSync(data, { recursive: true });
    }
  });
});
