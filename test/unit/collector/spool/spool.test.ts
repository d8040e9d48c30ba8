import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { recordBytes } from '../../../../collector/spool/format.ts';
import { decodeMessage, encodeMessage } from '../../../../core/wire/message.ts';
import { MemoryDisk } from './memory-disk.ts';
import { drain, folder, ListeningSink, openSpool, publisherOf, tick } from './spool-bench.ts';

const first = join(folder, '0000000001.seg');

async function written(disk: MemoryDisk, texts: readonly string[]): Promise<MemoryDisk> {
  const spool = await openSpool({ disk });
  for (const text of texts) await spool.append('cn1', tick(text));
  return disk.kill();
}

/** Opens, delivers all, and tells what came. */
async function deliveredFrom(disk: MemoryDisk): Promise<{ got: string[]; id: string; nextSeq: bigint }> {
  const spool = await openSpool({ disk });
  const sink = new ListeningSink();
  await drain(spool, sink);
  const { id, nextSeq } = spool;
  await spool.close();
  return { got: sink.got, id, nextSeq };
}

describe('identity', () => {
  it('is random, stays over restarts and kills, and the sequence goes on', async () => {
    const disk = new MemoryDisk();
    const spool = await openSpool({ disk });
    expect(spool.id).toMatch(/^[0-9a-f]{16}$/);
    expect(spool.nextSeq).toBe(0n);
    expect(await spool.append('cn1', tick('a'))).toEqual({ partition: 0, offset: 0n });
    await spool.close();
    const again = await openSpool({ disk });
    expect([again.id, again.nextSeq]).toEqual([spool.id, 1n]);
    await again.append('cn1', tick('b'));
    const after = await openSpool({ disk: disk.kill() });
    expect([after.id, after.nextSeq]).toEqual([spool.id, 2n]);
  });

  it('a wiped folder is a new one', async () => {
    const disk = await written(new MemoryDisk(), ['a']);
    const before = await openSpool({ disk });
    const wiped = await openSpool({ disk: new MemoryDisk() });
    expect(wiped.id).not.toBe(before.id);
  });

  it('after another boot a new one begins, since a power cut may have taken the end; what is there is delivered', async () => {
    const disk = await written(new MemoryDisk(), ['a', 'b']);
    const before = await openSpool({ disk });
    await before.close();
    const spool = await openSpool({ disk, bootId: 'boot-2' });
    expect(spool.id).not.toBe(before.id);
    expect(spool.nextSeq).toBe(0n);
    await spool.append('cn1', tick('c'));
    const sink = new ListeningSink();
    await drain(spool, sink);
    expect(sink.got).toEqual(['a', 'b', 'c']);
  });

  it('the spool of another host is refused, and not touched', async () => {
    const disk = await written(new MemoryDisk(), ['a']);
    const before = Buffer.from(disk.files.get(first) as Buffer);
    await expect(openSpool({ disk, host: 'cn2' })).rejects.toMatchObject({ code: 'FN_SPOOL_FOREIGN' });
    expect(disk.files.get(first)).toEqual(before);
    await expect(openSpool({ disk })).resolves.toBeDefined();
  });

  it('a second one on the same folder is refused', async () => {
    const disk = new MemoryDisk();
    const spool = await openSpool({ disk });
    await expect(openSpool({ disk })).rejects.toMatchObject({ code: 'FN_FOLDER_LOCKED' });
    await spool.close();
    await expect(openSpool({ disk })).resolves.toBeDefined();
  });

  it('an end that lies before what was acknowledged is not believed: a sequence number is never given out twice', async () => {
    const disk = new MemoryDisk();
    const spool = await openSpool({ disk });
    for (const text of ['a', 'b', 'c']) await spool.append('cn1', tick(text));
    await drain(spool, new ListeningSink());
    await spool.close();
    const bytes = disk.files.get(first) as Buffer;
    disk.files.set(first, bytes.subarray(0, bytes.length - recordBytes('cn1', tick('c'))));
    expect((await openSpool({ disk })).id).not.toBe(spool.id);
  });
});

describe('a write that was cut short', () => {
  it('at any byte of the last record costs that record and no older one, and its number is given out again', async () => {
    const whole = await written(new MemoryDisk(), ['a', 'b', 'last']);
    const bytes = whole.files.get(first) as Buffer;
    const length = recordBytes('cn1', tick('last'));
    const ids = new Set<string>();
    for (let left = 0; left < length; left++) {
      const disk = whole.copy();
      disk.files.set(first, bytes.subarray(0, bytes.length - length + left));
      const { got, id, nextSeq } = await deliveredFrom(disk);
      expect([left, ...got]).toEqual([left, 'a', 'b']);
      expect(nextSeq).toBe(2n);
      expect(disk.files.get(first)?.length).toBe(bytes.length - length);
      ids.add(id);
    }
    expect(ids.size).toBe(1);
  });

  it('in the header of a segment costs nothing', async () => {
    const whole = await written(new MemoryDisk(), ['a']);
    const header = (await openSpool({ disk: whole.copy() })).segments[0]?.start ?? 0;
    expect(header).toBeGreaterThan(40);
    for (let left = 0; left < header; left++) {
      const disk = whole.copy();
      const head = (disk.files.get(first) as Buffer).subarray(0, left);
      disk.files.set(join(folder, '0000000002.seg'), Buffer.from(head));
      expect((await deliveredFrom(disk)).got).toEqual(['a']);
    }
  });
});

describe('a flipped bit', () => {
  const texts = ['alpha', 'beta', 'gamma'];

  it('at any byte of a segment costs the record it is in, which is named in its place; the others come whole', async () => {
    const whole = await written(new MemoryDisk(), texts);
    const length = (whole.files.get(first) as Buffer).length;
    const lengths = texts.map((text) => recordBytes('cn1', tick(text)));
    const start = length - lengths.reduce((sum, bytes) => sum + bytes, 0);
    for (let at = 0; at < length; at++) {
      const disk = whole.copy();
      const bytes = disk.files.get(first) as Buffer;
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      const spool = await openSpool({ disk });
      await spool.append('cn1', tick('fresh'));
      const sink = new ListeningSink();
      const publisher = await drain(spool, sink);
      let end = start;
      const hit = lengths.findIndex((bytesOf) => {
        end += bytesOf;
        return at < end;
      });
      const expected: string[] = texts.map((text, i) => (at >= start && i === hit ? `lost from ${i}` : text));
      expect([at, ...sink.got]).toEqual([at, ...expected, 'fresh']);
      expect(publisher.stats().lostTicks).toBe(at < start ? 0 : 1);
      // The end was not certain: a new identity, so that no number is given out twice.
      expect(spool.nextSeq).toBe(at < start || hit === 2 ? 1n : 4n);
    }
  });

  it('in the header of a later identity costs nothing: its ticks say whose they are, and what is lost has the right name', async () => {
    const disk = new MemoryDisk();
    const message = (stream: string, seq: number) =>
      encodeMessage({ host: 'cn1', bootId: 'b', stream, seq: BigInt(seq), slot: 1_800_000_000 + seq }, []);
    const before = await openSpool({ disk });
    for (let seq = 0; seq < 3; seq++) await before.append('cn1', message(before.id, seq));
    await before.close();
    const after = await openSpool({ disk, bootId: 'boot-2' });
    for (let seq = 0; seq < 3; seq++) await after.append('cn1', message(after.id, seq));
    await after.close();
    const path = join(folder, '0000000002.seg');
    const bytes = disk.files.get(path) as Buffer;
    bytes[10] = (bytes[10] as number) ^ 1;
    const record = recordBytes('cn1', message(after.id, 1));
    const second = bytes.length - 2 * record;
    bytes[second + 40] = (bytes[second + 40] as number) ^ 1;
    const sink = new ListeningSink();
    await drain(await openSpool({ disk, bootId: 'boot-3' }), sink);
    const told = sink.values.map((value) => decodeMessage(value));
    const heads = told.map(({ stream, seq, blocks }) => `${stream} ${seq}${blocks.length > 0 ? ' lost' : ''}`);
    const expected = [before.id, after.id].flatMap((id) => [`${id} 0`, `${id} 1`, `${id} 2`]);
    expect(heads).toEqual(expected.with(4, `${after.id} 1 lost`));
  });

  it('keeps the damaged bytes aside, and counts them once', async () => {
    const disk = await written(new MemoryDisk(), texts);
    const bytes = disk.files.get(first) as Buffer;
    const length = recordBytes('cn1', tick('beta'));
    const at = bytes.indexOf('beta');
    bytes[at] = 0;
    const spool = await openSpool({ disk });
    let rejections = 2;
    const sink = new ListeningSink();
    sink.judge = (text) => {
      if (text === 'gamma' && rejections-- > 0) throw new Error('away');
    };
    const publisher = publisherOf(spool, sink);
    publisher.start();
    await vi.waitFor(() => expect(spool.acknowledged.seq).toBe(3n));
    await publisher.stop();
    expect(publisher.stats()).toMatchObject({ damagedBytes: length, lostTicks: 1, delivered: 2 });
    const aside = [...disk.files.keys()].filter((path) => path.startsWith(`${folder}/damaged/`));
    expect(aside).toHaveLength(1);
    expect(disk.files.get(aside[0] ?? '')?.length).toBe(length);
  });

  it('a page that the disk cannot give is damage too, and holds nothing up', async () => {
    const disk = new MemoryDisk();
    const spool = await openSpool({ disk });
    for (const text of ['a', 'b', 'c']) await spool.append('cn1', tick(text, 10_000));
    disk.unreadable = { path: '0000000001.seg', from: 13_000, to: 13_001 };
    const sink = new ListeningSink();
    await drain(spool, sink);
    expect(sink.got).toEqual(['a', 'lost from 1', 'c']);
  });
});

describe('no room', () => {
  it('refuses new ticks with its code and counts them; the old stay whole, and room is used as soon as it is there', async () => {
    const disk = new MemoryDisk();
    const spool = await openSpool({ disk });
    await spool.append('cn1', tick('a'));
    for (const afterBytes of [0, 1, 35, 36, 40]) {
      disk.fault = { path: '.seg', afterBytes, what: 'ENOSPC' };
      await expect(spool.append('cn1', tick('refused'))).rejects.toMatchObject({ code: 'FN_SPOOL_FULL' });
    }
    expect(spool.nextSeq).toBe(1n);
    expect(spool.stats().refused).toBe(5);
    await spool.append('cn1', tick('b'));
    const { got } = await deliveredFrom(disk.kill());
    expect(got).toEqual(['a', 'b']);
  });

  it('beyond bytesMax refuses too; what the bus has acknowledged makes room', async () => {
    const disk = new MemoryDisk();
    const spool = await openSpool({ disk, bytesMax: 64_000, segmentBytes: 8000 });
    const taken: string[] = [];
    const fill = async () => {
      for (;;) {
        const text = `tick ${spool.nextSeq}`;
        await spool.append('cn1', tick(text, 1000));
        taken.push(text);
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'FN_SPOOL_FULL', context: { bytesMax: 64_000 } });
    expect(spool.stats().bytes).toBeGreaterThan(62_000);
    expect(spool.stats().bytes).toBeLessThanOrEqual(64_000);
    const sink = new ListeningSink();
    await drain(spool, sink);
    expect(sink.got).toEqual(taken);
    await expect(fill()).rejects.toMatchObject({ code: 'FN_SPOOL_FULL' });
    const again = new ListeningSink();
    await drain(spool, again);
    expect([...sink.got, ...again.got]).toEqual(taken);
    expect(again.got.length).toBeGreaterThan(40);
  });

  it('a disk that is full before bytesMax is reached gets back what the bus has acknowledged', async () => {
    const disk = new MemoryDisk();
    const spool = await openSpool({ disk, bytesMax: 64_000, segmentBytes: 8000 });
    for (let i = 0; i < 20; i++) await spool.append('cn1', tick(`${i}`, 1000));
    await drain(spool, new ListeningSink());
    const before = spool.segments.length;
    disk.fault = { path: '.seg', afterBytes: 10, what: 'ENOSPC' };
    await spool.append('cn1', tick('last', 1000));
    expect(spool.segments.length).toBeLessThan(before);
    expect(spool.stats()).toMatchObject({ refused: 0, backlogTicks: 1 });
  });

  it('on a disk where not even the acknowledged position can be written, delivery goes on', async () => {
    const disk = new MemoryDisk();
    const spool = await openSpool({ disk });
    for (const text of ['a', 'b', 'c']) await spool.append('cn1', tick(text));
    disk.refusing = 'ENOSPC';
    const sink = new ListeningSink();
    await drain(spool, sink);
    expect(sink.got).toEqual(['a', 'b', 'c']);
    expect(spool.stats()).toMatchObject({ backlogTicks: 0, backlogBytes: 0 });
  });

  it('any other failure of the disk has a code of its own', async () => {
    const disk = new MemoryDisk();
    const spool = await openSpool({ disk });
    disk.refusing = 'EIO';
    await expect(spool.append('cn1', tick('a'))).rejects.toMatchObject({ code: 'FN_SPOOL' });
    disk.refusing = undefined;
    await expect(spool.append('cn1', tick('a'))).resolves.toMatchObject({ offset: 0n });
  });
});

describe('what is kept', () => {
  it('acknowledged segments go, but for those from the last but one checkpoint on', async () => {
    const disk = new MemoryDisk();
    const spool = await openSpool({ disk, segmentBytes: 4000 });
    const sink = new ListeningSink();
    const numbers = () => spool.segments.map(({ number }) => number);
    for (let i = 0; i < 6; i++) {
      for (let j = 0; j < 3; j++) await spool.append('cn1', tick(`${i} ${j}`, 1500));
      await drain(spool, sink);
      await spool.keepCheckpoint([tick(`checkpoint ${i}`, 2000)]);
    }
    expect(numbers()[0]).toBeGreaterThan(5);
    expect(numbers().length).toBeLessThan(8);
    expect(sink.got).toHaveLength(18);
    expect([...disk.files.keys()].filter((path) => path.endsWith('.seg'))).toHaveLength(numbers().length);
  });

  it('what is not acknowledged never goes, however many checkpoints there are', async () => {
    const spool = await openSpool({ disk: new MemoryDisk(), segmentBytes: 4000 });
    for (let i = 0; i < 10; i++) {
      await spool.append('cn1', tick(`${i}`, 1500));
      await spool.keepCheckpoint([tick('checkpoint', 2000)]);
    }
    const sink = new ListeningSink();
    await drain(spool, sink);
    expect(sink.got).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
  });
});
