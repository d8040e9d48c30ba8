import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import { DiskWatch } from '../../../../server/disk/disk-watch.ts';
import { type DiskState, judgeRoom } from '../../../../server/disk/room.ts';

const levels = { lowBytes: 1000, floorBytes: 100 };

describe('room on a disk', () => {
  test.each<[number | undefined, DiskState, DiskState]>([
    [5000, 'ok', 'ok'],
    [1000, 'ok', 'ok'],
    [999, 'ok', 'low'],
    [100, 'low', 'low'],
    [99, 'low', 'full'],
    [0, 'ok', 'full'],
    // What was full needs a little more than the floor.
    [105, 'full', 'full'],
    [110, 'full', 'low'],
    [5000, 'full', 'ok'],
    [undefined, 'full', 'unknown'],
    [99, 'unknown', 'full'],
  ])('%s bytes free after %s: %s', (free, before, state) => {
    expect(judgeRoom(free, levels, before)).toBe(state);
  });

  test('a floor of 0 is never reached, one above the low level is a low level', () => {
    expect(judgeRoom(0, { lowBytes: 0, floorBytes: 0 }, 'ok')).toBe('ok');
    expect(judgeRoom(150, { lowBytes: 0, floorBytes: 100 }, 'ok')).toBe('ok');
    expect(judgeRoom(90, { lowBytes: 0, floorBytes: 100 }, 'ok')).toBe('full');
  });
});

describe('whoever wants to store', () => {
  const aWatch = (free: { bytes: number | undefined }) =>
    new DiskWatch({
      ...levels,
      ...{ folder: '/', logger: silentLogger, everyMs: 5 },
      readFree: async () => {
        if (free.bytes === undefined) throw new Error('no such call');
        return free.bytes;
      },
    });

  test('waits below the floor, and goes on when there is room', async () => {
    const free: { bytes: number | undefined } = { bytes: 50 };
    const watch = aWatch(free);
    await watch.start();
    const { signal } = new AbortController();
    let through = false;
    const waiting = watch.room(signal).then(() => {
      through = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([through, watch.status.state]).toEqual([false, 'full']);
    free.bytes = 500;
    await waiting;
    expect(watch.status).toMatchObject({ state: 'low', freeBytes: 500 });
    await watch.stop();
  });

  test('is told by a look of this moment, and is not held up when nobody knows', async () => {
    const free: { bytes: number | undefined } = { bytes: 5000 };
    const watch = aWatch(free);
    free.bytes = 10;
    await expect(watch.room(AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' });
    free.bytes = undefined;
    await watch.room(AbortSignal.timeout(1_000));
    expect(watch.status).toMatchObject({ state: 'unknown', freeBytes: undefined });
  });
});
