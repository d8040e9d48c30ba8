import type { NativeFacade } from '../native/facade.ts';
import type { ReadTime } from './slot.ts';

/** Makes a read and says when: the clocks are read before and after, the read belongs to the middle. */
export function timedRead<T>(native: NativeFacade, boundary: number, read: () => T): readonly [T, ReadTime] {
  const before = native.clocks();
  const result = read();
  return [result, middleOf(boundary, before, native.clocks())];
}

/** The same of a read that is waited for: sent at the first reading of the clocks, answered at the second. */
export async function timedAnswer<T>(
  native: NativeFacade,
  boundary: number,
  read: () => Promise<T>,
): Promise<readonly [T, ReadTime]> {
  const before = native.clocks();
  const result = await read();
  return [result, middleOf(boundary, before, native.clocks())];
}

type Clocks = ReturnType<NativeFacade['clocks']>;

function middleOf(boundary: number, [wallBefore, monoBefore]: Clocks, [wallAfter, monoAfter]: Clocks): ReadTime {
  return {
    boundary,
    wallNs: (wallBefore + wallAfter) / 2n,
    monoNs: (monoBefore + monoAfter) / 2n,
    readSpanNs: monoAfter - monoBefore,
  };
}
