import { readFileSync } from 'node:fs';
import { FourninesError } from '../core/runtime/error.ts';

/** Text of a file that the configuration names, without its line end. FN_CONFIG. */
export function readSecret(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch (error) {
    throw new FourninesError('FN_CONFIG', `the file ${path} cannot be read`, { cause: error, context: { path } });
  }
}
