/**
 * How many bytes an LZ4 frame can unpack to at most, from its head and the sizes of its blocks; Infinity where it cannot
 * be read. The decoder has no bound of its own, and 2 MB of LZ4 can become half a gigabyte.
 *
 * Frame: magic 4, flags 1, block size 1, [content size 8], [dictionary 4], checksum 1, then blocks of a length of 4
 * (highest bit: not compressed; 0: the end), their bytes, [checksum 4]. Little endian.
 */
export function lz4BytesMax(frame: Buffer): number {
  if (frame.length < 11 || frame.readUInt32LE(0) !== 0x184d2204) return Number.POSITIVE_INFINITY;
  const flags = frame[4] as number;
  // 4: 64 KiB, each further step four times as much, up to 4 MiB.
  const blockBytesMax = 1 << (8 + 2 * (((frame[5] as number) >> 4) & 7));
  const trailer = (flags & 0x10) === 0 ? 0 : 4;
  let at = 7 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4);
  let bytes = 0;
  while (at + 4 <= frame.length) {
    const size = frame.readUInt32LE(at);
    if (size === 0) return bytes;
    const length = size & 0x7fffffff;
    bytes += size > 0x7fffffff ? length : blockBytesMax;
    at += 4 + length + trailer;
  }
  return Number.POSITIVE_INFINITY;
}
