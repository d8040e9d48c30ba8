import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Publisher, type PublisherOptions } from '../../collector/spool/publisher.ts';
import { Spool, type SpoolOptions } from '../../collector/spool/spool.ts';
import type { LogSink } from '../../core/bus/log.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { Spawned } from './spawned.ts';

const writer = fileURLToPath(new URL('./spool-writer.ts', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'fn-spool-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The short form runs with every test; `SPOOL_ROUNDS=500 SPOOL_SEED=7 vitest run test/system/spool.test.ts` is the long one. */
const rounds = Number(process.env['SPOOL_ROUNDS'] ?? 8);
const seed = Number(process.env['SPOOL_SEED'] ?? 1);

function open(folder: string, options: Partial<SpoolOptions> = {}): Promise<Spool> {
  const sizes = { bytesMax: 1 << 28, segmentBytes: 1 << 18, fsyncMs: 1000 };
  return Spool.open({
    folder,
    host: 'cn1',
    bootId: 'boot',
    ...sizes,
    logger: silentLogger,
    nowMs: Date.now,
    ...options,
  });
}

function publisherOf(spool: Spool, sink: LogSink, options: Partial<PublisherOptions> = {}): Publisher {
  let nowMs = 0;
  const clock = {
    monoMs: () => nowMs,
    sleep: async (delayMs: number) => {
      nowMs += delayMs;
    },
  };
  const standard = { bytesPerSecondMax: 1 << 30, logger: silentLogger, clock, nowMs: Date.now, random: () => 0.5 };
  return new Publisher({ spool, sink, ...standard, stopDeadlineMs: 60_000, ...options });
}

async function drained(spool: Spool): Promise<string[]> {
  const got: string[] = [];
  const publisher = publisherOf(spool, {
    append: async (_key, value) => ({
      partition: 0,
      offset: BigInt(got.push(Buffer.from(value).toString().trimEnd())),
    }),
  });
  publisher.start();
  await publisher.stop();
  return got;
}

/** Numbers in [0, 1) that are the same in each run. */
function* chances(from: number): Generator<number, never> {
  for (let state = from >>> 0; ; ) {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

describe(`a writer that is killed ${rounds} times (seed ${seed})`, () => {
  it('has every answered tick on the bus in the end, in order, none lost and none invented', async () => {
    const folder = join(root, 'killed');
    const bus = join(root, 'bus');
    writeFileSync(bus, '');
    const answered: string[] = [];
    const chance = chances(seed);
    for (let round = 0; round < rounds; round++) {
      const bytes = chance.next().value < 0.2 ? 900_000 : 16_000;
      const child = new Spawned(process.execPath, [writer, folder, bus, String(bytes)]);
      const until = 1 + Math.floor(chance.next().value * (bytes > 100_000 ? 20 : 150));
      const tail = chance.next().value;
      await vi.waitFor(() => expect(child.stdout.split('\n').length).toBeGreaterThan(until), {
        timeout: 20_000,
        interval: 1,
      });
      for (const end = performance.now() + tail * 5; performance.now() < end; );
      await child.stop('SIGKILL');
      const lines = child.stdout.split('\n').filter((line) => line.startsWith('answered '));
      answered.push(...lines.map((line) => line.slice('answered '.length)));
    }
    const spool = await open(folder);
    const rest = await drained(spool);
    await spool.close();
    const delivered = [...new Set([...readFileSync(bus, 'latin1').trimEnd().split('\n'), ...rest])];
    const isAnswered = new Set(answered);
    expect(delivered.filter((name) => isAnswered.has(name))).toEqual(answered);
    // What was written but not told before the kill: one a round at most, and each in its place in the sequence.
    expect(delivered.length - answered.length).toBeLessThanOrEqual(rounds);
    expect(delivered).toEqual(delivered.map((_, seq) => `${spool.id} ${seq}`));
    expect(answered.length).toBeGreaterThan(rounds);
  });
});

describe('a disk that is full', () => {
  const mountPoint = join(root, 'small');

  it('refuses new ticks, keeps the old, and takes ticks again when the bus has taken some', async ({ skip }) => {
    mkdirSync(mountPoint);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mountPoint], { stdio: 'ignore' });
    } catch {
      skip('no right to mount a file system');
    }
    try {
      const spool = await open(join(mountPoint, 'spool'));
      const taken: string[] = [];
      const fill = async () => {
        for (let i = 0; i < 1000; i++) {
          const name = `tick ${spool.nextSeq}`;
          await spool.append('cn1', Buffer.from(name.padEnd(16_000)));
          taken.push(name);
        }
      };
      await expect(fill().catch((error: unknown) => Promise.reject(toFourninesError(error)))).rejects.toMatchObject({
        code: 'FN_SPOOL_FULL',
        context: { systemCode: 'ENOSPC' },
      });
      expect(taken.length).toBeGreaterThan(100);
      for (let i = 0; i < 5; i++) await expect(fill()).rejects.toMatchObject({ code: 'FN_SPOOL_FULL' });
      const got = await drained(spool);
      expect(got).toEqual(taken);
      await spool.keepCheckpoint([Buffer.from('a')]).catch(() => undefined);
      await spool.close();
      const again = await open(join(mountPoint, 'spool'), { bytesMax: 1 << 20 });
      expect([again.id, again.nextSeq]).toEqual([spool.id, BigInt(taken.length)]);
      await again.append('cn1', Buffer.from('room'));
      expect(await drained(again)).toEqual(['room']);
      await again.close();
    } finally {
      execFileSync('umount', [mountPoint]);
    }
  });
});

describe('an hour without a bus at full rate', () => {
  it('stays in files of bounded size, drains in order at the bounded rate, and gives the room back', async () => {
    const folder = join(root, 'hour');
    const segmentBytes = 4 * 1024 * 1024;
    const rate = 8 * 1024 * 1024;
    let wallMs = 1_800_000_000_000;
    const spool = await open(folder, { segmentBytes, nowMs: () => wallMs });
    const value = (i: number) => Buffer.from(String(i).padEnd(16_000));
    for (let i = 0; i < 3600; i++) {
      await spool.append('cn1', value(i));
      if (i % 150 === 0) await spool.keepCheckpoint([Buffer.alloc(100_000)]);
      wallMs += 1000;
    }
    const sizes = () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.seg'))
        .map((name) => statSync(join(folder, name)).size);
    expect(Math.max(...sizes())).toBeLessThanOrEqual(segmentBytes);
    expect(spool.stats()).toMatchObject({ backlogTicks: 3600, refused: 0 });
    // Ticks alone: checkpoints never go to the bus.
    const backlog = 3600 * (16_000 + 39);
    let next = 0;
    let [nowMs, liveAtMs, freshFromMs, freshToMs] = [0, 0, -1, -1];
    const clock = {
      monoMs: () => nowMs,
      sleep: async (delayMs: number) => {
        nowMs += delayMs;
        // Time goes on for the collector, too: a tick a second behind the backlog.
        for (; liveAtMs + 1000 <= nowMs; liveAtMs += 1000) {
          if (freshFromMs < 0) freshFromMs = nowMs;
          await spool.append('cn1', value(Number(spool.nextSeq)));
        }
      },
    };
    const sink: LogSink = {
      append: async (_key, bytes) => {
        const seq = Number(Buffer.from(bytes).toString('latin1', 0, 8));
        if (seq > next) throw new Error(`${seq} before ${next}`);
        if (seq === 3600) freshToMs = nowMs;
        next = Math.max(next, seq + 1);
        return { partition: 0, offset: 0n };
      },
    };
    const publisher = publisherOf(spool, sink, { clock, bytesPerSecondMax: rate });
    publisher.start();
    await vi.waitFor(() => expect(publisher.stats().state).toBe('caughtUp'), { timeout: 60_000 });
    await publisher.stop();
    expect(next).toBe(Number(spool.nextSeq));
    expect(publisher.stats()).toMatchObject({ retries: {}, lostTicks: 0 });
    // The hour's bytes at the rate, less the first second's worth: about seven seconds.
    expect(nowMs).toBeGreaterThan((backlog / rate - 1.2) * 1000);
    expect(nowMs).toBeLessThan((backlog / rate + 1) * 1000);
    expect(freshToMs - freshFromMs).toBeLessThan((backlog / rate) * 1000);
    for (let i = 0; i < 2; i++) await spool.keepCheckpoint([Buffer.alloc(100_000)]);
    expect(sizes().length).toBeLessThanOrEqual(2);
    await spool.close();
  });
});
