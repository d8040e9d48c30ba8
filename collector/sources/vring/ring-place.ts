import type { MappedRing, RemoteRing } from '../../../native/facade.ts';
import { mappedFileOf } from './proc.ts';
import { type MappedRange, rangeOf } from './process-maps.ts';

/** Where the indices of a ring stand in the memory of a process. */
export interface RingAddresses {
  readonly size: number;
  readonly direction: 'toGuest' | 'fromGuest';
  readonly usedAddress: bigint;
  readonly availAddress: bigint;
}

/** Ways to the indices, best first; undefined: they are in no memory that the process shares. */
export function placesOf(
  procRoot: string,
  pid: number,
  ring: RingAddresses,
  maps: readonly MappedRange[],
): readonly (MappedRing | RemoteRing)[] | undefined {
  const { size, direction, usedAddress, availAddress } = ring;
  const ranges = [usedAddress, availAddress].map((address) => rangeOf(maps, address, 2n));
  if (!ranges.every((range) => range?.isShared && range.isReadable)) return undefined;
  const shape = { size, direction };
  const remote: RemoteRing = { ...shape, pid, usedAddress, availAddress };
  const [range] = ranges;
  // A ring over two files of huge pages: the kernel copies its indices.
  if (range === undefined || range !== ranges[1]) return [remote];
  const file = mappedFileOf(procRoot, pid, range);
  if (file === undefined) return [remote];
  const offsetOf = (address: bigint) => address - range.from + range.offset;
  return [{ ...shape, ...file, usedOffset: offsetOf(usedAddress), availOffset: offsetOf(availAddress) }, remote];
}
