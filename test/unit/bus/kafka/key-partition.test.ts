import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { murmur2, partitionOfKey } from '../../../../bus/kafka/key-partition.ts';

describe('the partition of a key', () => {
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])("hashes as Kafka's Java client does: %s", (key, hash) => expect(murmur2(Buffer.from(key))).toBe(hash));

  it('is always one of those there are, also of a key inside a larger buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 1000 }), (key, partitions) => {
        const partition = partitionOfKey(key, partitions);
        expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true);
        const inside = new Uint8Array([1, 2, 3, ...key, 9]).subarray(3, 3 + key.length);
        expect(partitionOfKey(inside, partitions)).toBe(partition);
      }),
    );
  });

  it('spreads the names of a fleet', () => {
    const counts = new Array<number>(8).fill(0);
    for (let i = 0; i < 800; i++) {
      const partition = partitionOfKey(Buffer.from(`compute-${i}.example.net`), 8);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(200);
  });
});
