/**
 * The list of memory that a DPDK program shares with its secondary processes: `fbarray_memzone` in its runtime folder, an
 * array of struct rte_memzone (lib/eal/include/rte_memzone.h) with a bit for each that is in use (eal_common_fbarray.c).
 * The layout is DPDK's own: tried with 22.11, the same in the sources of 20.11 to 24.11. Nothing of it is taken on trust.
 */
export interface Memzone {
  readonly name: string;
  readonly address: bigint;
  readonly bytes: bigint;
  /** The entry as it stands, to see later whether it still does. */
  readonly at: number;
  readonly entry: Buffer;
}

export const entryBytes = 72;
const nameBytes = 32;
const pageBytes = 4096;
const maskHeadBytes = 8;
/** RTE_MAX_MEMZONE is 2560; a program may ask for another number since 23.07. */
const entriesMax = 65_536;
export const memzoneFileBytesMax = entriesMax * (entryBytes + 1) + pageBytes;

/** Undefined: this is no such list. */
export function parseMemzones(file: Buffer): readonly Memzone[] | undefined {
  const length = lengthOf(file);
  if (length === undefined) return undefined;
  const maskAt = length * entryBytes + maskHeadBytes;
  const zones: Memzone[] = [];
  for (let i = 0; i < length; i++) {
    const isUsed = (file.readBigUInt64LE(maskAt + 8 * Math.floor(i / 64)) >> BigInt(i % 64)) & 1n;
    if (isUsed === 0n) continue;
    const zone = zoneAt(file, i * entryBytes);
    if (zone === undefined) return undefined;
    zones.push(zone);
  }
  return zones;
}

/** How many entries the array has: its mask, right behind it, says how many words it has, and the file ends after it. */
function lengthOf(file: Buffer): number | undefined {
  if (file.length % pageBytes !== 0 || file.length > memzoneFileBytesMax) return undefined;
  const most = Math.floor(file.length / entryBytes);
  const least = Math.max(1, Math.floor((file.length - 2 * pageBytes) / (entryBytes + 1)));
  const fitting: number[] = [];
  for (let length = least; length <= most; length++) {
    const words = Math.ceil(length / 64);
    const bytes = length * entryBytes + maskHeadBytes + 8 * words;
    if (Math.ceil(bytes / pageBytes) * pageBytes !== file.length) continue;
    if (file.readUInt32LE(length * entryBytes) === words) fitting.push(length);
  }
  return fitting.length === 1 ? fitting[0] : undefined;
}

function zoneAt(file: Buffer, at: number): Memzone | undefined {
  const entry = Buffer.from(file.subarray(at, at + entryBytes));
  const end = entry.indexOf(0);
  if (end <= 0 || end >= nameBytes) return undefined;
  const name = entry.toString('latin1', 0, end);
  const address = entry.readBigUInt64LE(40);
  const bytes = entry.readBigUInt64LE(48);
  const page = entry.readBigUInt64LE(56);
  const isPage = page >= 4096n && page <= 1n << 34n && (page & (page - 1n)) === 0n;
  const isPlausible = /^[\x21-\x7e]+$/.test(name) && address !== 0n && bytes > 0n && bytes < 1n << 46n && isPage;
  return isPlausible ? { name, address, bytes, at, entry } : undefined;
}
