import { describe, expect, it, vi } from 'vitest';
import type { Spool } from '../../../../collector/spool/spool.ts';
import { event } from '../../../../core/catalogue/kinds.ts';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { BlockReader } from '../../../../core/wire/block-reader.ts';
import { decodeMessage } from '../../../../core/wire/message.ts';
import { MemoryDisk } from './memory-disk.ts';
import {
  busFull,
  drain,
  FastClock,
  firstOccurrences,
  ListeningSink,
  openSpool,
  publisherOf,
  tick,
} from './spool-bench.ts';

async function filled(count: number, bytes = 0): Promise<Spool> {
  const spool = await openSpool({ disk: new MemoryDisk(), bytesMax: 1 << 26 });
  for (let i = 0; i < count; i++) await spool.append('cn1', tick(`${i}`, bytes));
  return spool;
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);

describe('the publisher', () => {
  it('has several ticks in flight, and moves the position in order only', async () => {
    const spool = await filled(5);
    const sink = new ListeningSink();
    const answers: (() => void)[] = [];
    sink.answer = () => new Promise((resolve) => answers.push(resolve));
    const publisher = publisherOf(spool, sink, { inFlightMax: 3 });
    publisher.start();
    await vi.waitFor(() => expect(answers).toHaveLength(3));
    answers[2]?.();
    answers[1]?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(spool.acknowledged.seq).toBe(0n);
    answers[0]?.();
    await vi.waitFor(() => expect(spool.acknowledged.seq).toBe(3n));
    await vi.waitFor(() => expect(answers).toHaveLength(5));
    answers[3]?.();
    answers[4]?.();
    await publisher.stop();
    expect(spool.acknowledged.seq).toBe(5n);
    expect(spool.stats()).toMatchObject({ backlogTicks: 0, backlogBytes: 0 });
  });

  it('hands a fresh tick on at once', async () => {
    const spool = await filled(0);
    const sink = new ListeningSink();
    const publisher = publisherOf(spool, sink);
    publisher.start();
    for (const text of upTo(20)) {
      await spool.append('cn1', tick(text));
      await vi.waitFor(() => expect(sink.got.at(-1)).toBe(text), { interval: 1 });
    }
    await publisher.stop();
  });

  it('a bus that rejects gets the tick again after a while, and none before its predecessor', async () => {
    const spool = await filled(50);
    const sink = new ListeningSink();
    const clock = new FastClock();
    let calls = 0;
    sink.judge = () => {
      if (++calls % 7 === 0) throw busFull();
    };
    const publisher = publisherOf(spool, sink, { clock });
    publisher.start();
    await vi.waitFor(() => expect(spool.acknowledged.seq).toBe(50n));
    await publisher.stop();
    expect(firstOccurrences(sink.got)).toEqual(upTo(50));
    expect(publisher.stats().retries['FN_BUS_FULL']).toBeGreaterThan(3);
    expect(publisher.stats().delivered).toBe(50);
    expect(clock.now).toBeGreaterThan(200);
  });

  it('waits ever longer for a bus that is away, at most ten seconds, and goes on when it is back', async () => {
    const spool = await filled(2);
    const sink = new ListeningSink();
    const clock = new FastClock();
    const waits: number[] = [];
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (delayMs, signal) => {
      waits.push(delayMs);
      return sleep(delayMs, signal);
    };
    sink.judge = () => {
      if (waits.length < 12) throw busFull();
    };
    const publisher = publisherOf(spool, sink, { clock });
    publisher.start();
    await vi.waitFor(() => expect(spool.acknowledged.seq).toBe(2n));
    await publisher.stop();
    expect(waits.slice(0, 4)).toEqual([75, 150, 300, 600]);
    expect(Math.max(...waits)).toBe(7500);
    expect(firstOccurrences(sink.got)).toEqual(upTo(2));
  });

  it('a bus that never answers is asked again after the deadline', async () => {
    const spool = await filled(1);
    const sink = new ListeningSink();
    let silent = true;
    sink.answer = () => (silent ? new Promise(() => undefined) : undefined);
    const publisher = publisherOf(spool, sink, { answerDeadlineMs: 20 });
    publisher.start();
    await vi.waitFor(() => expect(Object.keys(publisher.stats().retries)).toHaveLength(1));
    silent = false;
    await vi.waitFor(() => expect(spool.acknowledged.seq).toBe(1n));
    await publisher.stop();
  });

  it('a tick that the bus will never take is named in its place and holds nothing up', async () => {
    const spool = await filled(4);
    const sink = new ListeningSink();
    sink.judge = (text) => {
      if (text === '2') throw new FourninesError('FN_BUS_RECORD_TOO_LARGE', 'too large');
    };
    const publisher = publisherOf(spool, sink);
    publisher.start();
    await vi.waitFor(() => expect(spool.acknowledged.seq).toBe(4n));
    await publisher.stop();
    expect(firstOccurrences(sink.got)).toEqual(['0', '1', 'lost from 2', '3']);
    expect(publisher.stats()).toMatchObject({ lostTicks: 1, delivered: 3 });
    const message = decodeMessage(sink.values[sink.got.indexOf('lost from 2')] as Uint8Array);
    expect(message).toMatchObject({ host: 'cn1', bootId: 'boot-1', stream: spool.id, seq: 2n });
    const [block] = message.blocks;
    const [row] = block === undefined ? [] : new BlockReader(event).rows(block);
    expect(row).toMatchObject({ host: 'cn1', event: 'spool_lost', object: 'collector' });
    expect(JSON.parse(row?.detail ?? '')).toEqual({ stream: spool.id, fromSeq: '2', toSeq: '2', why: 'too_large' });
  });

  it('so are several in one window, on a bus that answers late', async () => {
    const spool = await filled(6);
    const sink = new ListeningSink();
    const tooLarge = new Set(['1', '2', '3']);
    sink.answer = async () => {
      const text = sink.got.at(-1) ?? '';
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (tooLarge.has(text)) throw new FourninesError('FN_BUS_RECORD_TOO_LARGE', 'too large');
    };
    const publisher = publisherOf(spool, sink);
    publisher.start();
    await vi.waitFor(() => expect(spool.acknowledged.seq).toBe(6n));
    await publisher.stop();
    expect(publisher.stats()).toMatchObject({ lostTicks: 3, delivered: 3 });
    expect(sink.got).toEqual(expect.arrayContaining(['0', 'lost from 1', 'lost from 2', 'lost from 3', '4', '5']));
  });

  it('stops within its deadline while the bus is silent, and the ticks stay', async () => {
    const spool = await filled(3);
    const sink = new ListeningSink();
    sink.answer = () => new Promise(() => undefined);
    const publisher = publisherOf(spool, sink, { stopDeadlineMs: 30 });
    publisher.start();
    await vi.waitFor(() => expect(publisher.stats().state).toBe('delivering'));
    const startedMs = performance.now();
    await publisher.stop();
    expect(performance.now() - startedMs).toBeLessThan(1000);
    expect(spool.stats().backlogTicks).toBe(3);
    const later = new ListeningSink();
    await drain(spool, later);
    expect(later.got).toEqual(upTo(3));
  });

  it('tells how much waits and since when', async () => {
    const spool = await filled(3, 100);
    const sink = new ListeningSink();
    sink.judge = () => {
      throw busFull();
    };
    const publisher = publisherOf(spool, sink);
    publisher.start();
    await vi.waitFor(() => expect(publisher.stats().state).toBe('waiting'));
    expect(publisher.stats().oldestAtMs).toBe(1_800_000_000_000);
    expect(spool.stats()).toMatchObject({ backlogTicks: 3, backlogBytes: 3 * (100 + 36 + 3) });
    await publisher.stop();
  });
});

describe('the rate', () => {
  const tickBytes = 16_000;
  const rate = 8 * 1024 * 1024;

  it('bounds how fast a backlog drains, and a fresh tick waits for what is before it and no longer', async () => {
    const spool = await filled(2000, tickBytes);
    const sink = new ListeningSink();
    const clock = new FastClock();
    const arrivedMs = new Map<string, number>();
    let freshAtMs = -1;
    let before = 0;
    sink.judge = (text) => {
      arrivedMs.set(text, clock.now);
      if (text !== '1000' || freshAtMs >= 0) return;
      freshAtMs = clock.now;
      before = spool.stats().backlogBytes;
      void spool.append('cn1', tick('fresh', tickBytes));
    };
    const publisher = publisherOf(spool, sink, { clock, bytesPerSecondMax: rate });
    publisher.start();
    await vi.waitFor(() => expect(spool.acknowledged.seq).toBe(2001n), { timeout: 10_000 });
    await publisher.stop();
    expect(sink.got).toEqual([...upTo(2000), 'fresh']);
    const seconds = (arrivedMs.get('fresh') as number) / 1000;
    // 32 MB, of which the first second's worth passes at once.
    expect(seconds).toBeGreaterThan((2001 * tickBytes) / rate - 1.01);
    expect(seconds).toBeLessThan((2001 * (tickBytes + 39)) / rate);
    expect((arrivedMs.get('fresh') as number) - freshAtMs).toBeLessThanOrEqual((before / rate) * 1000 + 1);
  });
});
