import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { GeneratedLog } from '../fakes/generated-log.ts';
import { aSubjectFolder, forgetOffsets, memorySubject, points, runSubject, storedBy } from './exactly-once-fixture.ts';
import { today } from './store-fixture.ts';

/** Several starts of a whole server, one after another. */
const timeout = 300_000;
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function aFolder(): Promise<string> {
  const folder = await aSubjectFolder();
  folders.push(folder);
  return folder;
}

describe('a server that is killed with -9 at every point of its way', () => {
  test(
    'stores each message once: rows, sums and rollups are those of the generator, poison is kept',
    async () => {
      const folder = await aFolder();
      const options = { seed: 1, messages: 150, hosts: 3, firstSlot: today, readMs: 15, recordsARead: 20 };
      const hits = new Map<string, number>();
      for (const [round, point] of points.entries()) {
        const code = await runSubject(folder, options, [point, String(1 + (round % 2))]);
        if (code === 'SIGKILL') hits.set(point, (hits.get(point) ?? 0) + 1);
      }
      expect([...hits].sort()).toEqual([...points].map((point) => [point, 1]).sort());
      expect(await runSubject(folder, options)).toBe(0);
      const { sums } = new GeneratedLog(options);
      expect(await storedBy(folder)).toEqual({ ...sums, rolled: sums.packets, twice: 0 });
    },
    timeout,
  );

  test(
    'and whoever reads the whole log again under another name adds nothing but letters',
    async () => {
      const folder = await aFolder();
      const options = { seed: 7, messages: 120, hosts: 2, firstSlot: today, readMs: 5, recordsARead: 50 };
      expect(await runSubject(folder, options)).toBe(0);
      await forgetOffsets(folder);
      expect(await runSubject(folder, { ...options, readMs: 2, recordsARead: 33 })).toBe(0);
      const { sums } = new GeneratedLog(options);
      const { poison, ...rest } = await storedBy(folder);
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
      for (const point of points) ends.push(await runSubject(folder, options, [point, '2'], memorySubject));
      expect(ends).toEqual(points.map(() => 'SIGKILL'));
      expect(await runSubject(folder, options, [], memorySubject)).toBe(0);
      const { sums } = new GeneratedLog(options);
      const { poison, ...rest } = await storedBy(folder);
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
