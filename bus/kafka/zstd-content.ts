/**
 * How many bytes a zstd frame of one segment says it unpacks to; undefined where it does not say, or where it names a window
 * of its own, which may be far larger. A hint of its writer, not checked here.
 *
 * Frame: magic 4, descriptor 1, [dictionary 0, 1, 2 or 4], [content size 1, 2, 4 or 8], blocks. Little endian.
 * The descriptor's bits: 7 and 6 how wide the content size is, 5 one segment, 1 and 0 how wide the dictionary is.
 */
export function zstdContentBytes(frame: Buffer): number | undefined {
  if (frame.length < 6 || frame.readUInt32LE(0) !== 0xfd2fb528) return undefined;
  const descriptor = frame[4] as number;
  if ((descriptor & 0x20) === 0) return undefined;
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] as number);
  const width = [1, 2, 4, 8][descriptor >> 6] as number;
  if (at + width > frame.length) return undefined;
  if (width === 8) return Number(frame.readBigUInt64LE(at));
  // Two bytes begin where one ends.
  return frame.readUIntLE(at, width) + (width === 2 ? 256 : 0);
}
