/** Free bytes of the data folder's disk below which something is told, and below which nothing new is stored. */
export interface DiskLevels {
  readonly lowBytes: number;
  readonly floorBytes: number;
}

/** full: below the floor. unknown: the system does not say, and nothing is held up. */
export type DiskState = 'ok' | 'low' | 'full' | 'unknown';

/** What has been full is full until so much more than the floor is free (a tenth of it): it must not flap with every block. */
const againPart = 10;

export function judgeRoom(freeBytes: number | undefined, levels: DiskLevels, before: DiskState): DiskState {
  if (freeBytes === undefined) return 'unknown';
  const { lowBytes, floorBytes } = levels;
  const floor = before === 'full' ? floorBytes + Math.floor(floorBytes / againPart) : floorBytes;
  if (freeBytes < floor) return 'full';
  return freeBytes < Math.max(lowBytes, floorBytes) ? 'low' : 'ok';
}
