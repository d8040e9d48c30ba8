import { FourninesError } from '../core/runtime/error.ts';
import type { ErrorCode } from '../core/runtime/error-catalogue.ts';

export interface JsonStreamBounds {
  /** Largest object, in bytes; also what the splitter holds at most. */
  readonly bytesMax: number;
  readonly depthMax: number;
}

const defaultBounds: JsonStreamBounds = { bytesMax: 16 * 1024 * 1024, depthMax: 64 };

/**
 * Splits the stream of JSON objects that unixctl, OVSDB and QMP send one after another without any framing. Bytes come in any
 * cut: inside a character, a string, an escape. Each byte is looked at once. What is between the braces is not checked:
 * that is for the JSON parser.
 */
export class JsonStream {
  readonly #code: ErrorCode;
  readonly #bounds: JsonStreamBounds;
  /** Begins with the bytes of the unfinished object that came with earlier chunks. */
  #held: Buffer = Buffer.alloc(0);
  #heldBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #failure: FourninesError | undefined;

  /** `code`: of the errors it throws. */
  constructor(code: ErrorCode, bounds: JsonStreamBounds = defaultBounds) {
    this.#code = code;
    this.#bounds = bounds;
  }

  /**
   * The texts of the objects that `chunk` completes, in order. Throws when the stream cannot be JSON objects; it is
   * then lost, and every later call throws the same.
   */
  push(chunk: Buffer): string[] {
    if (this.#failure !== undefined) throw this.#failure;
    const texts: string[] = [];
    let start = this.#depth > 0 ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#inString) {
        at = this.#passString(chunk, at);
        continue;
      }
      const byte = chunk[at] as number;
      if (this.#depth === 0) {
        if (byte === 0x7b) {
          this.#depth = 1;
          start = at;
        } else if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
          this.#fail('something other than an object is in the stream', { byte });
        }
      } else if (byte === 0x22) {
        this.#inString = true;
      } else if (byte === 0x7b || byte === 0x5b) {
        if (++this.#depth > this.#bounds.depthMax) this.#fail('an object is nested too deep', {});
      } else if (byte === 0x7d || byte === 0x5d) {
        if (--this.#depth === 0) {
          texts.push(this.#complete(chunk, start, at + 1));
          start = -1;
        }
      }
    }
    if (start >= 0) this.#hold(chunk.subarray(start));
    return texts;
  }

  /** Goes to the closing quote, or to the end of the chunk: by native search, since most of a reply is one string. */
  #passString(chunk: Buffer, start: number): number {
    let from = start;
    if (this.#escaped) {
      this.#escaped = false;
      from++;
    }
    for (let end = chunk.indexOf(0x22, from); end !== -1; end = chunk.indexOf(0x22, end + 1)) {
      if (backslashesBefore(chunk, from, end) % 2 === 0) {
        this.#inString = false;
        return end;
      }
    }
    this.#escaped = backslashesBefore(chunk, from, chunk.length) % 2 === 1;
    return chunk.length;
  }

  #complete(chunk: Buffer, start: number, end: number): string {
    if (this.#heldBytes === 0) {
      this.#checkSize(end - start);
      return chunk.toString('utf8', start, end);
    }
    this.#hold(chunk.subarray(start, end));
    const text = this.#held.toString('utf8', 0, this.#heldBytes);
    this.#held = Buffer.alloc(0);
    this.#heldBytes = 0;
    return text;
  }

  /** Copies into one buffer that grows by doubling: many tiny chunks cost no more memory than few large ones. */
  #hold(rest: Buffer): void {
    this.#checkSize(rest.length);
    const bytes = this.#heldBytes + rest.length;
    if (bytes > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(bytes, 2 * this.#held.length));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    rest.copy(this.#held, this.#heldBytes);
    this.#heldBytes = bytes;
  }

  #checkSize(more: number): void {
    if (this.#heldBytes + more > this.#bounds.bytesMax) {
      this.#fail('an object is larger than it may be', { bytesMax: this.#bounds.bytesMax });
    }
  }

  #fail(why: string, context: Record<string, number>): never {
    this.#failure = new FourninesError(this.#code, why, { context });
    this.#held = Buffer.alloc(0);
    throw this.#failure;
  }
}

/** How many backslashes stand right before `end`, as far back as `from`. */
function backslashesBefore(chunk: Buffer, from: number, end: number): number {
  let at = end;
  while (at > from && chunk[at - 1] === 0x5c) at--;
  return end - at;
}
