import { closeSync, openSync, readSync } from 'node:fs';
import { FourninesError, systemCode } from '../core/runtime/error.ts';

const stdinDescriptor = 0;
const chunkBytes = 65_536;

/** A file, or stdin for `-`, of which no more than `bytesMax` are ever read: a device or a pipe need not have an end. */
export function readBounded(path: string, bytesMax: number): Uint8Array {
  const name = path === '-' ? 'stdin' : path;
  try {
    const descriptor = path === '-' ? stdinDescriptor : openSync(path, 'r');
    try {
      return readAll(descriptor, bytesMax, name);
    } finally {
      if (descriptor !== stdinDescriptor) closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof FourninesError) throw error;
    throw new FourninesError('FN_USAGE', `${name} cannot be read (${systemCode(error) ?? 'unknown reason'})`, {
      cause: error,
    });
  }
}

function readAll(descriptor: number, bytesMax: number, name: string): Uint8Array {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const read = readSync(descriptor, chunk);
    if (read === 0) return Buffer.concat(chunks);
    size += read;
    if (size > bytesMax) throw new FourninesError('FN_USAGE', `${name} has more than ${bytesMax} bytes`);
    chunks.push(chunk.subarray(0, read));
  }
}
