import { constants, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { zstdContentBytes } from './zstd-content.ts';

/** What a zlib stream of Node has inside. It is documented nowhere, so each use is checked, and there is another way. */
interface Inside {
  readonly _handle?: {
    writeSync?(flush: number, from: Buffer, at: number, length: number, to: Buffer, toAt: number, room: number): void;
    onerror?: unknown;
  };
  /** What was left after a write: room in the output, bytes of the input. */
  readonly _writeState?: Uint32Array;
}

/** Frames that are larger are unpacked by themselves, so that no context keeps a large window. */
const frameBytesMax = 4 * 1024 * 1024;
const arenaBytes = 1024 * 1024;
/** Least that zlib takes. */
const pieceBytesMin = 64;

/**
 * Unpacks zstd frames with one context for all of them, into memory that many of them share.
 *
 * A tick is a frame of 3 kB. Node's own call makes a context of 150 kB for each, which costs more than the unpacking; worse,
 * V8 counts those bytes as garbage and looks for it all the time: together half of what reading from Kafka cost.
 */
export class ZstdDecoder {
  #stream: (ReturnType<typeof createZstdDecompress> & Inside) | undefined;
  #failed = false;
  #works: boolean | undefined;
  #arena = Buffer.alloc(0);
  #used = 0;

  /** Throws where the frame is damaged or unpacks to more than `bytesMax`. */
  decode(frame: Buffer, bytesMax: number): Buffer {
    const told = zstdContentBytes(frame);
    if (told !== undefined && told <= Math.min(frameBytesMax, bytesMax)) {
      this.#works ??= this.#doesWork();
      const bytes = this.#works ? this.#decodeShared(frame, told) : undefined;
      if (bytes !== undefined) return bytes;
    }
    // One byte more: a piece that is full is followed by another, which is found to be empty.
    const guessed = told === undefined ? frame.length * 8 : told + 1;
    const chunkSize = Math.max(pieceBytesMin, Math.min(guessed, frameBytesMax));
    return zstdDecompressSync(frame, { maxOutputLength: bytesMax, chunkSize });
  }

  /** Undefined where anything is not as it should be; then the context is thrown away. */
  #decodeShared(frame: Buffer, told: number): Buffer | undefined {
    const stream = this.#open();
    const handle = stream._handle;
    const left = stream._writeState;
    if (handle?.writeSync === undefined || left === undefined) return undefined;
    // One byte of room is left over, or nobody knows whether the frame was at its end.
    const room = told + 1;
    if (this.#arena.length - this.#used < room) {
      this.#arena = Buffer.allocUnsafeSlow(Math.max(arenaBytes, room));
      this.#used = 0;
    }
    handle.writeSync(constants.ZSTD_e_continue, frame, 0, frame.length, this.#arena, this.#used, room);
    if (this.#failed || left[0] !== 1 || left[1] !== 0) {
      this.#close();
      return undefined;
    }
    const bytes = this.#arena.subarray(this.#used, this.#used + told);
    this.#used += told;
    return bytes;
  }

  #open(): ReturnType<typeof createZstdDecompress> & Inside {
    if (this.#stream !== undefined) return this.#stream;
    this.#failed = false;
    const stream: ReturnType<typeof createZstdDecompress> & Inside = createZstdDecompress();
    // The stream's own answer to an error would end it as a stream.
    if (stream._handle !== undefined) {
      stream._handle.onerror = () => {
        this.#failed = true;
      };
    }
    this.#stream = stream;
    return stream;
  }

  #close(): void {
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  /** Frames one after the other, one of them damaged, come out as they should under this Node. */
  #doesWork(): boolean {
    try {
      const texts = ['a tick', 'a tick and another'.repeat(50), 'a third'].map((text) => Buffer.from(text));
      const good = texts.map((text) => zstdCompressSync(text));
      const same = () =>
        good.every((frame, i) => this.#decodeShared(frame, (texts[i] as Buffer).length)?.equals(texts[i] as Buffer));
      const cut = (good[1] as Buffer).subarray(0, -4);
      return same() && this.#decodeShared(cut, (texts[1] as Buffer).length) === undefined && same();
    } catch {
      return false;
    } finally {
      this.#close();
    }
  }
}
