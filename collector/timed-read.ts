import type { NativeFacade } from '../native/facade.ts';
import type { ReadTime } from './slot.ts';

/** Makes a read and says when: the clocks are read before and after, the read belongs to the middle. */
export function timedRead<T>(native: NativeFacade, boundary: number, read: () => T): readonly [T, ReadTime] {
  const [wallBefore, monoBefore] = native.clocks();
  const result = read();
  const [wallAfter, monoAfter] = native.clocks();
  const time = {
    boundary,
    wallNs: (wallBefore + wallAfter) / 2n,
    monoNs: (monoBefore + monoAfter) / 2n,
    readSpanNs: monoAfter - monoBefore,
  };
  return [result, time];
}
