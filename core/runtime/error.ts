import { type ErrorCode, errorCatalogue } from './error-catalogue.ts';

export interface FourninesErrorOptions {
  readonly cause?: unknown;
  /** What to do about it; the catalogue's hint when left out. */
  readonly hint?: string;
  /** Plain values that say where: file, key, port, offset. Never a secret. */
  readonly context?: Readonly<Record<string, string | number | boolean>>;
}

/** The one error type of the product. Decide on `code` and `retryable`, never on `message`. */
export class FourninesError extends Error {
  override readonly name = 'FourninesError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly hint: string;
  readonly context: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, message: string, options: FourninesErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const entry = errorCatalogue[code];
    this.code = code;
    this.retryable = entry.retryable;
    this.hint = options.hint ?? entry.hint;
    this.context = options.context ?? {};
  }
}

/** Turns anything thrown into a FourninesError; what is not ours becomes `FN_INTERNAL` with the original as cause. */
export function toFourninesError(error: unknown): FourninesError {
  if (error instanceof FourninesError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new FourninesError('FN_INTERNAL', message, { cause: error });
}

/** `code` of a system error (ENOENT, EADDRINUSE ...), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Our own mistake, found at a boundary. */
export function assert(condition: boolean, why: string): asserts condition {
  if (!condition) throw new FourninesError('FN_INTERNAL', `assertion failed: ${why}`);
}
