import { FourninesError } from '../runtime/error.ts';
import type { LogRecord, LogSink, LogSource, ReadBatch, ReadRequest } from './log.ts';

export interface InProcessLogOptions {
  /** Bytes of values held at most; an append beyond is refused. */
  readonly bytesMax: number;
  readonly recordBytesMax: number;
  readonly nowMs: () => number;
}

/**
 * The bus inside one process: one partition in memory. A record is forgotten once `release` has passed it; only the
 * reader that stores calls `release`, so a reader that lags behind it gets FN_BUS_OFFSET and must count what it missed.
 */
export class InProcessLog implements LogSink, LogSource {
  readonly #options: InProcessLogOptions;
  #records: LogRecord[] = [];
  #firstOffset = 0n;
  #bytes = 0;
  #closed = false;
  readonly #waiting = new Set<() => void>();

  constructor(options: InProcessLogOptions) {
    this.#options = options;
  }

  get heldBytes(): number {
    return this.#bytes;
  }

  get heldRecords(): number {
    return this.#records.length;
  }

  async append(key: string, value: Uint8Array): Promise<{ partition: number; offset: bigint }> {
    if (this.#closed) throw closed();
    if (value.length > this.#options.recordBytesMax) {
      throw new FourninesError('FN_BUS_RECORD_TOO_LARGE', `a record of ${value.length} bytes is too large`, {
        context: { bytes: value.length, bytesMax: this.#options.recordBytesMax, key },
      });
    }
    if (this.#bytes + value.length > this.#options.bytesMax) {
      throw new FourninesError('FN_BUS_FULL', 'the bus is full', {
        context: { heldBytes: this.#bytes, bytesMax: this.#options.bytesMax },
      });
    }
    const offset = this.#end();
    this.#records.push({ partition: 0, offset, key, value, appendedAtMs: this.#options.nowMs() });
    this.#bytes += value.length;
    for (const wake of this.#waiting) wake();
    return { partition: 0, offset };
  }

  async partitions(): Promise<readonly number[]> {
    return [0];
  }

  async earliest(partition: number): Promise<bigint> {
    checkPartition(partition);
    return this.#firstOffset;
  }

  async latest(partition: number): Promise<bigint> {
    checkPartition(partition);
    return this.#end();
  }

  async read(request: ReadRequest): Promise<ReadBatch> {
    checkPartition(request.partition);
    request.signal.throwIfAborted();
    if (this.#closed) throw closed();
    this.#checkOffset(request.offset);
    if (request.offset === this.#end() && request.waitMs > 0) {
      await this.#wait(request.waitMs, request.signal);
      if (this.#closed) throw closed();
      this.#checkOffset(request.offset);
    }
    const records: LogRecord[] = [];
    let bytes = 0;
    for (let i = Number(request.offset - this.#firstOffset); i < this.#records.length; i++) {
      const record = this.#records[i] as LogRecord;
      if (records.length > 0 && bytes + record.value.length > request.maxBytes) break;
      records.push(record);
      bytes += record.value.length;
    }
    return { records, nextOffset: request.offset + BigInt(records.length), endOffset: this.#end() };
  }

  release(partition: number, offset: bigint): void {
    checkPartition(partition);
    const count = Math.min(Number(offset - this.#firstOffset), this.#records.length);
    if (count <= 0) return;
    for (const record of this.#records.slice(0, count)) this.#bytes -= record.value.length;
    this.#records = this.#records.slice(count);
    this.#firstOffset += BigInt(count);
  }

  close(): void {
    this.#closed = true;
    for (const wake of this.#waiting) wake();
  }

  #end(): bigint {
    return this.#firstOffset + BigInt(this.#records.length);
  }

  #checkOffset(offset: bigint): void {
    if (offset >= this.#firstOffset && offset <= this.#end()) return;
    throw new FourninesError('FN_BUS_OFFSET', 'the bus does not hold that offset', {
      context: { offset: String(offset), earliest: String(this.#firstOffset), latest: String(this.#end()) },
    });
  }

  #wait(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        this.#waiting.delete(finish);
        signal.removeEventListener('abort', finish);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      const timer = setTimeout(finish, waitMs);
      this.#waiting.add(finish);
      signal.addEventListener('abort', finish, { once: true });
    });
  }
}

function checkPartition(partition: number): void {
  if (partition !== 0) throw new FourninesError('FN_BUS_OFFSET', `there is no partition ${partition}`);
}

function closed(): FourninesError {
  return new FourninesError('FN_BUS_CLOSED', 'the bus is closed');
}
