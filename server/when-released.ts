import { sleepMs } from '../core/runtime/clock.ts';
import { toFourninesError } from '../core/runtime/error.ts';
import type { Logger } from '../core/runtime/logger.ts';

/** A store whose last owner was killed lets go of its folder when its process has ended. */
const releaseWaitMs = 20_000;
const retryMs = 250;

export interface ReleaseOptions {
  readonly logger: Logger;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** What else may pass by itself; absent: only that the folder is still held. */
  readonly passes?: (error: { readonly code: string; readonly retryable: boolean }) => boolean;
}

/** Opens what a process of a killed run may still hold: only for who has the lock of the data folder itself. */
export async function whenReleased<T>(open: () => Promise<T>, options: ReleaseOptions): Promise<T> {
  const { logger, signal, passes = ({ code }) => code === 'FN_FOLDER_LOCKED' } = options;
  const late = AbortSignal.timeout(releaseWaitMs);
  const deadline = signal === undefined ? late : AbortSignal.any([late, signal]);
  for (let attempt = 0; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      const { code, message, retryable } = toFourninesError(error);
      if (!passes({ code, retryable }) || deadline.aborted) throw error;
      if (attempt === 0) logger.info({ code, reason: message }, 'waiting for the store');
      await sleepMs(retryMs, deadline).catch(() => undefined);
    }
  }
}
