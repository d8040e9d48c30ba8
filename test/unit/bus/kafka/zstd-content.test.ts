import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { zstdContentBytes } from '../../../../bus/kafka/zstd-content.ts';

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
