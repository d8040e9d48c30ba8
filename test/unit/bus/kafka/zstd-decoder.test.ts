import { randomBytes } from 'node:crypto';
import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { zstdContentBytes } from '../../../../bus/kafka/zstd-content.ts';
import { ZstdDecoder } from '../../../../bus/kafka/zstd-decoder.ts';

const bytesMax = 32 * 1024 * 1024;

async function streamed(bytes: Buffer): Promise<Buffer> {
  const stream = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  stream.end(bytes);
  return Buffer.concat(await stream.toArray());
}

describe('the size that a zstd frame tells', () => {
  test.each([0, 1, 255, 256, 257, 65_791, 65_792, 2_000_000])('%i bytes', (size) => {
    expect(zstdContentBytes(zstdCompressSync(Buffer.alloc(size, 'a tick')))).toBe(size);
  });

  test('is unknown where the writer did not know it, and where there is no frame', async () => {
    expect(zstdContentBytes(await streamed(Buffer.from('written bit by bit')))).toBeUndefined();
    expect(zstdContentBytes(Buffer.from('no frame at all'))).toBeUndefined();
    expect(zstdContentBytes(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 1, 2]))).toBeUndefined();
  });
});

describe('unpacking zstd', () => {
  test('frames of any size and any writer come out whole, one after the other', async () => {
    const decoder = new ZstdDecoder();
    const sizes = [0, 1, 16_384, 1_048_576, 5_000_000, 3];
    const texts = sizes.map((size) => Buffer.concat([randomBytes(size >> 1), Buffer.alloc(size - (size >> 1), 'x')]));
    const given: Buffer[] = [];
    for (const text of texts) {
      given.push(decoder.decode(zstdCompressSync(text), bytesMax), decoder.decode(await streamed(text), bytesMax));
    }
    // All are looked at in the end: none may have been written over by a later one.
    expect(given.map((bytes, i) => bytes.equals(texts[i >> 1] as Buffer))).toEqual(given.map(() => true));
  });

  test('a damaged frame throws and spoils none that comes after it', () => {
    const decoder = new ZstdDecoder();
    const text = Buffer.concat([randomBytes(400), Buffer.alloc(4000, 'ticks')]);
    const good = zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    const change = fc.record({
      at: fc.integer({ min: 4, max: good.length - 1 }),
      by: fc.integer({ min: 1, max: 255 }),
      cut: fc.integer({ min: 0, max: good.length - 1 }),
    });
    fc.assert(
      fc.property(change, ({ at, by, cut }) => {
        const changed = Buffer.from(good);
        changed[at] = (changed[at] as number) ^ by;
        for (const spoilt of [changed, good.subarray(0, cut)]) {
          // A bit that means nothing may be changed, or the checksum be cut off; but it is never silently other bytes.
          const given = attempt(() => decoder.decode(spoilt, bytesMax));
          expect(given === undefined || given.equals(text)).toBe(true);
          expect(decoder.decode(good, bytesMax).equals(text)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('no frame unpacks to more than the bound', () => {
    const bomb = zstdCompressSync(Buffer.alloc(2 * 1024 * 1024));
    expect(() => new ZstdDecoder().decode(bomb, 1024 * 1024)).toThrow();
  });
});

function attempt(run: () => Buffer): Buffer | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
