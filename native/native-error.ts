import { FourninesError } from '../core/runtime/error.ts';

/** EBADF, as the addon says it of a closed handle. */
export function closedError(): FourninesError {
  return new FourninesError('FN_NATIVE', 'the native facade is closed', { context: { call: 'close', errno: 9 } });
}

/** What a call of the binding threw, as FN_NATIVE with the system call's name and errno; anything else as it is. */
export function nativeErrorOf(error: unknown): unknown {
  if (!(error instanceof Error) || !('call' in error && 'errno' in error)) return error;
  return new FourninesError('FN_NATIVE', error.message, {
    cause: error,
    context: { call: String(error.call), errno: Number(error.errno) },
  });
}
