import { afterEach, describe, expect, it } from 'vitest';
import type { LogSink, LogSource, ReadBatch } from '../../core/bus/log.ts';

export interface OpenLog {
  readonly sink: LogSink;
  readonly source: LogSource;
  close(): Promise<void> | void;
}

export interface LogContractOptions {
  /** A fresh, empty log that takes records of at most `recordBytesMax` and holds at least a mebibyte. */
  readonly open: (options: { recordBytesMax: number }) => Promise<OpenLog>;
}

const recordBytesMax = 64 * 1024;
const never = new AbortController().signal;

/** What every bus must do, whether it is in the process or on a network. */
export function logContract(name: string, { open }: LogContractOptions): void {
  describe(`${name} keeps the contract of a bus`, () => {
    const opened: OpenLog[] = [];
    const fresh = async () => {
      const log = await open({ recordBytesMax });
      opened.push(log);
      return log;
    };
    afterEach(async () => {
      for (const log of opened.splice(0)) await log.close();
    });
    const bytes = (text: string) => new TextEncoder().encode(text);
    const texts = (batch: ReadBatch) => batch.records.map((record) => new TextDecoder().decode(record.value));
    const partitionOf = async (source: LogSource) => (await source.partitions())[0] as number;
    /** Reads on until `count` records have come. */
    const readCount = async (source: LogSource, partition: number, offset: bigint, count: number) => {
      const found: string[] = [];
      let next = offset;
      const deadline = AbortSignal.timeout(10_000);
      while (found.length < count) {
        const batch = await source.read({ partition, offset: next, maxBytes: 1 << 20, waitMs: 1000, signal: deadline });
        found.push(...texts(batch));
        next = batch.nextOffset;
      }
      return { found, next };
    };

    it('gives back what was appended, byte for byte and with its key', async () => {
      const { sink, source } = await fresh();
      const value = Uint8Array.from({ length: 256 }, (_, i) => i);
      const { partition, offset } = await sink.append('cn1', value);
      const batch = await source.read({ partition, offset, maxBytes: 1024, waitMs: 5000, signal: never });
      expect(batch.records[0]).toMatchObject({ key: 'cn1', partition, offset });
      expect(Buffer.from(batch.records[0]?.value ?? []).equals(Buffer.from(value))).toBe(true);
    });

    it('keeps the order in which appends of one key were called, even when they overlap', async () => {
      const { sink, source } = await fresh();
      const partition = await partitionOf(source);
      const start = await source.latest(partition);
      await Promise.all(Array.from({ length: 50 }, (_, i) => sink.append('cn1', bytes(`tick ${i}`))));
      const { found } = await readCount(source, partition, start, 50);
      expect(found).toEqual(Array.from({ length: 50 }, (_, i) => `tick ${i}`));
    });

    it('never gives a record below the offset asked for, and says where to go on', async () => {
      const { sink, source } = await fresh();
      const offsets: bigint[] = [];
      for (const text of ['a', 'b', 'c', 'd']) offsets.push((await sink.append('cn1', bytes(text))).offset);
      const partition = await partitionOf(source);
      const { found, next } = await readCount(source, partition, offsets[2] as bigint, 2);
      expect(found).toEqual(['c', 'd']);
      expect(next).toBe((offsets[3] as bigint) + 1n);
      expect(await source.latest(partition)).toBe(next);
    });

    it('the same offset read twice gives the same records', async () => {
      const { sink, source } = await fresh();
      const { offset } = await sink.append('cn1', bytes('once'));
      const partition = await partitionOf(source);
      const first = await readCount(source, partition, offset, 1);
      const second = await readCount(source, partition, offset, 1);
      expect(second).toEqual(first);
    });

    it('gives at least one record however small the bound, and no more bytes than the bound beyond that', async () => {
      const { sink, source } = await fresh();
      const { offset } = await sink.append('cn1', new Uint8Array(1000));
      for (let i = 0; i < 5; i++) await sink.append('cn1', new Uint8Array(1000));
      const partition = await partitionOf(source);
      const read = (maxBytes: number) => source.read({ partition, offset, maxBytes, waitMs: 5000, signal: never });
      expect((await read(1)).records).toHaveLength(1);
      expect((await read(2500)).records.length).toBeLessThanOrEqual(2);
    });

    it('a reader at the end waits for the next record and is woken by it', async () => {
      const { sink, source } = await fresh();
      const partition = await partitionOf(source);
      const offset = await source.latest(partition);
      const waiting = source.read({ partition, offset, maxBytes: 1024, waitMs: 10_000, signal: never });
      await sink.append('cn1', bytes('late'));
      expect(texts(await waiting)).toEqual(['late']);
    });

    it('a reader at the end comes back with nothing when its time is up', async () => {
      const { source } = await fresh();
      const partition = await partitionOf(source);
      const offset = await source.latest(partition);
      const batch = await source.read({ partition, offset, maxBytes: 1024, waitMs: 20, signal: never });
      expect(batch).toMatchObject({ records: [], nextOffset: offset });
    });

    it('a waiting reader can be cancelled', async () => {
      const { source } = await fresh();
      const partition = await partitionOf(source);
      const offset = await source.latest(partition);
      const cancel = new AbortController();
      const waiting = source.read({ partition, offset, maxBytes: 1024, waitMs: 60_000, signal: cancel.signal });
      cancel.abort(new Error('enough'));
      await expect(waiting).rejects.toThrow('enough');
    });

    it('refuses a record that is too large, with its code, and keeps nothing of it', async () => {
      const { sink, source } = await fresh();
      const partition = await partitionOf(source);
      const before = await source.latest(partition);
      await expect(sink.append('cn1', new Uint8Array(recordBytesMax + 1))).rejects.toMatchObject({
        code: 'FN_BUS_RECORD_TOO_LARGE',
      });
      expect(await source.latest(partition)).toBe(before);
    });

    it('refuses an offset beyond the end, with its code', async () => {
      const { source } = await fresh();
      const partition = await partitionOf(source);
      const offset = (await source.latest(partition)) + 5n;
      const read = source.read({ partition, offset, maxBytes: 1024, waitMs: 0, signal: never });
      await expect(read).rejects.toMatchObject({ code: 'FN_BUS_OFFSET' });
    });

    it('two readers have their own offsets; one that releases takes nothing unread from itself', async () => {
      const { sink, source } = await fresh();
      const partition = await partitionOf(source);
      const { offset } = await sink.append('cn1', bytes('a'));
      await sink.append('cn1', bytes('b'));
      const { next } = await readCount(source, partition, offset, 1);
      source.release(partition, offset + 1n);
      expect((await readCount(source, partition, offset + 1n, 1)).found).toEqual(['b']);
      expect(next).toBeGreaterThan(offset);
    });

    it('gives back the largest record that it takes, and one without a byte', async () => {
      const { sink, source } = await fresh();
      const largest = Buffer.alloc(recordBytesMax, 'x');
      const { partition, offset } = await sink.append('cn1', largest);
      await sink.append('cn1', new Uint8Array(0));
      const first = await source.read({ partition, offset, maxBytes: 1, waitMs: 5000, signal: never });
      expect(Buffer.from(first.records[0]?.value ?? []).equals(largest)).toBe(true);
      expect((await readCount(source, partition, first.nextOffset, 1)).found).toEqual(['']);
    });

    it('answers each of many overlapping appends with the offset of its own record', async () => {
      const { sink, source } = await fresh();
      const partition = await partitionOf(source);
      const first = await source.latest(partition);
      const answers = await Promise.all(
        Array.from({ length: 300 }, (_, i) => sink.append(`cn${i % 7}`, bytes(`${i}`))),
      );
      expect(new Set(answers.map(({ offset }) => offset)).size).toBe(300);
      const { found } = await readCount(source, partition, first, 300);
      expect(answers.map(({ offset }) => found[Number(offset - first)])).toEqual(answers.map((_, i) => `${i}`));
    });

    it('a cancelled read takes nothing from the next one', async () => {
      const { sink, source } = await fresh();
      const partition = await partitionOf(source);
      const offset = await source.latest(partition);
      const cancel = new AbortController();
      const waiting = source.read({ partition, offset, maxBytes: 1024, waitMs: 60_000, signal: cancel.signal });
      cancel.abort(new Error('enough'));
      await expect(waiting).rejects.toThrow('enough');
      await Promise.all(['a', 'b'].map((text) => sink.append('cn1', bytes(text))));
      expect((await readCount(source, partition, offset, 2)).found).toEqual(['a', 'b']);
    });

    it('a read that is cancelled before it begins gives the reason', async () => {
      const { source } = await fresh();
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(source.read({ partition: 0, offset: 0n, maxBytes: 1, waitMs: 0, signal })).rejects.toThrow('enough');
    });

    it('says when a record was appended', async () => {
      const { sink, source } = await fresh();
      const { partition, offset } = await sink.append('cn1', bytes('now'));
      const { records } = await source.read({ partition, offset, maxBytes: 1024, waitMs: 5000, signal: never });
      expect(Math.abs((records[0]?.appendedAtMs ?? 0) - Date.now())).toBeLessThan(60_000);
    });

    it('after closing, both sides say so', async () => {
      const log = await fresh();
      const partition = await partitionOf(log.source);
      const offset = await log.source.latest(partition);
      await log.close();
      await expect(log.sink.append('cn1', bytes('x'))).rejects.toMatchObject({ code: 'FN_BUS_CLOSED' });
      const read = log.source.read({ partition, offset, maxBytes: 1, waitMs: 0, signal: never });
      await expect(read).rejects.toMatchObject({ code: 'FN_BUS_CLOSED' });
    });
  });
}
