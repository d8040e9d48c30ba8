import { checkStallRows, checkStallThreads } from './arguments.ts';
import type { StallOptions, StallSampler } from './facade.ts';
import { closedError, nativeErrorOf } from './native-error.ts';

/** src/stalls.h. */
export interface StallBinding {
  stallsOpen(handle: object, procRoot: string, hz: number, thresholdNs: number): void;
  stallsWatch(handle: object, threads: Uint32Array): void;
  stallsTake(handle: object, rows: BigUint64Array): BigUint64Array;
  stallsClose(handle: object): void;
}

/** Opens the handle's sampler; throws FN_NATIVE where it has one already (EBUSY) or no thread can be had. */
export function openSampler(
  binding: StallBinding,
  handle: object,
  { procRoot, hz, thresholdNs }: StallOptions,
): StallSampler {
  const called = <T>(call: () => T): T => {
    try {
      return call();
    } catch (error) {
      throw nativeErrorOf(error);
    }
  };
  called(() => binding.stallsOpen(handle, procRoot, hz, thresholdNs));
  let count = 0;
  let isClosed = false;
  const demandOpen = () => {
    if (isClosed) throw closedError();
  };
  return {
    watch: (threads) => {
      checkStallThreads(threads);
      demandOpen();
      called(() => binding.stallsWatch(handle, threads));
      count = threads.length / 2;
    },
    take: (rows) => {
      checkStallRows(rows, count);
      demandOpen();
      return called(() => binding.stallsTake(handle, rows));
    },
    close: () => {
      // The handle may have another sampler by now.
      if (!isClosed) called(() => binding.stallsClose(handle));
      isClosed = true;
    },
  };
}
