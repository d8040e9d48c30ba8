/** Where things stand in a split ring as DPDK lays it out: drivers/net/virtio/virtio_ring.h, vring_init_split. */

const alignment = 4096n;

export interface RingLayout {
  /** Of the index itself, from the ring's beginning. */
  readonly availAt: bigint;
  readonly usedAt: bigint;
  /** What DPDK reserves for such a ring. */
  readonly bytes: bigint;
}

export function splitLayout(size: number): RingLayout {
  const descriptors = 16n * BigInt(size);
  const availEnd = descriptors + 4n + 2n * BigInt(size);
  const used = alignUp(availEnd);
  return { availAt: descriptors + 2n, usedAt: used + 2n, bytes: alignUp(used + 4n + 8n * BigInt(size)) };
}

/**
 * The size of a ring in a zone of `bytes`: `expected` where that fits, else the only power of two that does. Undefined:
 * none, or several (rings of less than 256 share a length).
 */
export function ringSizeOf(bytes: bigint, expected: number): number | undefined {
  if (isSize(expected) && splitLayout(expected).bytes === bytes) return expected;
  const fitting = Array.from({ length: 16 }, (_, i) => 1 << i).filter((size) => splitLayout(size).bytes === bytes);
  return fitting.length === 1 ? fitting[0] : undefined;
}

function isSize(size: number): boolean {
  return Number.isInteger(size) && size >= 1 && size <= 32_768 && (size & (size - 1)) === 0;
}

function alignUp(bytes: bigint): bigint {
  return ((bytes + alignment - 1n) / alignment) * alignment;
}
