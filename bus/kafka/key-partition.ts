/**
 * Which partition a key belongs to: murmur2 of its bytes, as Kafka's own producers choose, so that any other tool finds
 * a host's records where it expects them. The same key stays in the same partition as long as their number does.
 */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

const multiplier = 0x5bd1e995;

/** MurmurHash2 (32 bit, seed 0x9747b28c) as a signed number; test vectors are those of Kafka's Java client. */
export function murmur2(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length & ~3;
  let hash = 0x9747b28c ^ bytes.length;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(view.getInt32(at, true), multiplier);
    word ^= word >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier);
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at--) tail = (tail << 8) | (bytes[at] as number);
  if (bytes.length > whole) hash = Math.imul(hash ^ tail, multiplier);
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}
