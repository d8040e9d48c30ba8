import { FourninesError } from '../../core/runtime/error.ts';
import { type BackupHead, headOf } from './format.ts';

/** A file of a backup on its way. */
export interface BackupFile {
  readonly path: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface BackupStream {
  readonly head: BackupHead;
  /** In order, each read to its end before the next. */
  readonly files: AsyncIterable<BackupFile>;
}

/**
 * A backup as one stream of bytes: pieces, each behind its length (4 bytes, big endian). The first piece is the head; then
 * for each file a piece with its name, its bytes in pieces, and an empty piece; at the end of all, one more empty piece.
 * A stream that ends before that was cut off.
 */
export async function* encodeBackup({ head, files }: BackupStream): AsyncGenerator<Uint8Array> {
  yield* piece(Buffer.from(JSON.stringify(head)));
  for await (const { path, bytes } of files) {
    yield* piece(Buffer.from(path));
    for await (const chunk of bytes) if (chunk.length > 0) yield* piece(chunk);
    yield* piece(empty);
  }
  yield* piece(empty);
}

const empty = Buffer.alloc(0);
/** Larger ones are cut; what claims to be larger is not ours. */
export const pieceBytesMax = 1024 * 1024;

function* piece(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length || at === 0; at += pieceBytesMax) {
    const part = bytes.subarray(at, at + pieceBytesMax);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    yield length;
    if (part.length > 0) yield part;
  }
}

/** Reads `encodeBackup` back. Rejects with FN_BACKUP_DAMAGED when the stream ends early or is none. */
export async function decodeBackup(text: AsyncIterable<Uint8Array>): Promise<BackupStream> {
  const reader = new PieceReader(text);
  const first = await reader.next();
  let head: unknown;
  try {
    head = JSON.parse(first.toString('utf8'));
  } catch {
    head = undefined;
  }
  return { head: headOf(head), files: filesOf(reader) };
}

async function* filesOf(reader: PieceReader): AsyncGenerator<BackupFile> {
  for (;;) {
    const name = await reader.next();
    if (name.length === 0) return;
    let ended = false;
    const bytes = async function* () {
      for (;;) {
        const part = await reader.next();
        ended = part.length === 0;
        if (ended) return;
        yield part;
      }
    };
    yield { path: name.toString('utf8'), bytes: bytes() };
    if (!ended) throw new FourninesError('FN_INTERNAL', 'a file of a backup was not read to its end');
  }
}

class PieceReader {
  readonly #text: AsyncIterator<Uint8Array>;
  #held: Buffer = empty;

  constructor(text: AsyncIterable<Uint8Array>) {
    this.#text = text[Symbol.asyncIterator]();
  }

  async next(): Promise<Buffer> {
    const length = (await this.#take(4)).readUInt32BE();
    if (length > pieceBytesMax) throw new FourninesError('FN_BACKUP_DAMAGED', 'what came is no backup');
    return this.#take(length);
  }

  async #take(bytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missing = bytes; missing > 0; ) {
      if (this.#held.length === 0) {
        const { done, value } = await this.#text.next();
        if (done) throw new FourninesError('FN_BACKUP_DAMAGED', 'the backup ended before its end');
        this.#held = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
        continue;
      }
      const part = this.#held.subarray(0, missing);
      this.#held = this.#held.subarray(part.length);
      missing -= part.length;
      parts.push(part);
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }
}
