import type { Writable } from 'node:stream';
import type { LogSink } from '../core/bus/log.ts';
import { kinds } from '../core/catalogue/kinds.ts';
import { FourninesError } from '../core/runtime/error.ts';
import { BlockReader } from '../core/wire/block-reader.ts';
import { decodeMessage } from '../core/wire/message.ts';

/** Lines not yet taken by the reader of stdout; beyond, ticks are refused and bridged, as by any full bus. */
const bufferedBytesMax = 16 * 1024 * 1024;

/** 64-bit integers as decimal digits. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
}

/** A bus that ends on a stream: one line of JSON a row, `kind` first. */
export class NdjsonSink implements LogSink {
  readonly #out: Writable;
  readonly #readers = new Map(kinds.map((kind) => [kind.name, new BlockReader(kind)]));
  #offset = 0n;

  constructor(out: Writable) {
    this.#out = out;
  }

  async append(_key: string, value: Uint8Array): Promise<{ partition: number; offset: bigint }> {
    if (this.#out.writableLength > bufferedBytesMax) throw new FourninesError('FN_BUS_FULL', 'nobody reads the output');
    const lines = decodeMessage(value).blocks.flatMap((block) =>
      (this.#readers.get(block.kind)?.rows(block) ?? []).map((row) => toJson({ kind: block.kind, ...row })),
    );
    this.#out.write(`${lines.join('\n')}\n`);
    return { partition: 0, offset: this.#offset++ };
  }
}
