/** A line of /proc/PID/maps. */
export interface MappedRange {
  readonly from: bigint;
  readonly to: bigint;
  readonly isShared: boolean;
  readonly isReadable: boolean;
  /** Where in its file it begins, bytes. */
  readonly offset: bigint;
  /** Major and minor number of the file system, decimal: "0:1". */
  readonly device: string;
  readonly inode: bigint;
  /** As the kernel writes it; empty: no file. */
  readonly path: string;
}

const line = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) ([0-9a-f]+):([0-9a-f]+) (\d+) *(.*)$/;

/** Lines that are no ranges are left out. */
export function parseMaps(text: string): readonly MappedRange[] {
  return text.split('\n').flatMap((found) => {
    const [, from, to, rights, offset, major, minor, inode, path] = line.exec(found) ?? [];
    if (from === undefined || to === undefined || rights === undefined) return [];
    return [
      {
        from: BigInt(`0x${from}`),
        to: BigInt(`0x${to}`),
        isShared: rights[3] === 's',
        isReadable: rights[0] === 'r',
        offset: BigInt(`0x${offset}`),
        device: `${parseInt(major ?? '', 16)}:${parseInt(minor ?? '', 16)}`,
        inode: BigInt(inode ?? 0),
        path: path ?? '',
      },
    ];
  });
}

/** The range that holds all of these bytes. */
export function rangeOf(ranges: readonly MappedRange[], from: bigint, bytes: bigint): MappedRange | undefined {
  return ranges.find((range) => range.from <= from && from + bytes <= range.to);
}

/** Version of DPDK's ABI by the name of its library: 23 for 22.11. Undefined: linked into the program. */
export function dpdkAbiOf(ranges: readonly MappedRange[]): number | undefined {
  for (const { path } of ranges) {
    const [, abi] = /\/librte_eal\.so\.(\d{1,3})(?:\.\d+)*(?: \(deleted\))?$/.exec(path) ?? [];
    if (abi !== undefined) return Number(abi);
  }
  return undefined;
}
