import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { FourninesError, systemCode } from '../core/runtime/error.ts';
import { type SlotsFile, SlotsReader } from '../server/slo/slots-reader.ts';

const pieceBytes = 1 << 18;
const gzipMagic = [0x1f, 0x8b];

/** Reads a file of slots, plain or gzip, piece by piece: it is never in memory as a whole. */
export async function readSlots(path: string, ports: readonly string[]): Promise<SlotsFile> {
  const reader = new SlotsReader(path, ports);
  const take = async (pieces: AsyncIterable<Uint8Array>) => {
    for await (const piece of pieces) reader.push(piece);
  };
  try {
    const file: AsyncGenerator<Uint8Array> = piecesOf(path);
    const head = await file.next();
    const first = head.done ? new Uint8Array(0) : head.value;
    const whole = async function* () {
      yield first;
      yield* file;
    };
    const packed = gzipMagic.every((byte, i) => first[i] === byte);
    if (packed) await pipeline(whole, createGunzip({ chunkSize: pieceBytes }), take);
    else await take(whole());
  } catch (error) {
    throw told(path, error);
  }
  return reader.end();
}

/** The pieces of a file; the first has at least two bytes, where the file has. */
async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  let kept: Uint8Array = new Uint8Array(0);
  for await (const piece of createReadStream(path, { highWaterMark: pieceBytes }) as AsyncIterable<Uint8Array>) {
    kept = kept.length === 0 ? piece : Buffer.concat([kept, piece]);
    if (kept.length < gzipMagic.length) continue;
    yield kept;
    kept = new Uint8Array(0);
  }
  if (kept.length > 0) yield kept;
}

function told(path: string, error: unknown): unknown {
  const code = systemCode(error);
  if (error instanceof FourninesError || code === undefined) return error;
  if (code.startsWith('Z_')) {
    return new FourninesError('FN_SLOTS_FILE', `${path} is damaged or cut short: gzip cannot unpack it (${code})`, {
      hint: 'Fetch or export the file again; gzip -t tests one.',
      cause: error,
    });
  }
  return new FourninesError('FN_USAGE', `${path} cannot be read (${code})`, {
    hint: 'Check the path given with --slots.',
    cause: error,
  });
}
