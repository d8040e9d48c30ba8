import { existsSync } from 'node:fs';
import { FourninesError } from '../core/runtime/error.ts';
import { addonFile, openAddon } from './addon.ts';
import type { NativeFacade } from './facade.ts';
import { openTypescript } from './typescript.ts';

/**
 * The addon where it is built and loads, else the TypeScript form. `missing` says why the addon is not there, for one
 * log line; it is not thrown, since most sources go on without it.
 */
export function openNative(file: string = addonFile): { facade: NativeFacade; missing: FourninesError | null } {
  try {
    return { facade: openAddon(file), missing: null };
  } catch (cause) {
    const reason = existsSync(file) ? 'cannot be loaded' : 'is not built';
    const detail = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    const missing = new FourninesError('FN_NATIVE_MISSING', `the native addon ${reason}`, {
      cause,
      context: { file, detail, arch: process.arch },
    });
    return { facade: openTypescript(), missing };
  }
}
