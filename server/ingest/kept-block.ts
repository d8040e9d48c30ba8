import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { LogRecord, LogSource, ReadBatch, ReadRequest } from '../../core/bus/log.ts';
import { FourninesError, systemCode } from '../../core/runtime/error.ts';

/**
 * The records of a block, kept on disk from before it is recorded until it is stored: for a log in memory, which a killed
 * process takes with it. A recorded block is then made again from here.
 *
 * ```text
 * 0 4 magic   4 4 records   then each: offset 8, appended at ms (double) 8, key length 2, value length 4, key, value
 * -4 4 CRC-32 of all bytes before
 * ```
 * All numbers are little endian.
 */
export class KeptBlocks {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Resolves when the medium has it. Rejects with FN_FOLDER. */
  async keep(logId: string, partition: number, records: readonly LogRecord[]): Promise<void> {
    const path = this.#path(logId, partition, records[0]?.offset ?? 0n);
    try {
      await mkdir(this.#folder, { recursive: true });
      const file = await open(path, 'w');
      try {
        await file.writeFile(encode(records));
        await file.sync();
      } finally {
        await file.close();
      }
      // Its name, too, must outlive a power cut.
      const folder = await open(this.#folder, 'r');
      await folder.sync().finally(() => folder.close());
    } catch (error) {
      const context = { path, systemCode: systemCode(error) ?? '' };
      throw new FourninesError('FN_FOLDER', 'a block cannot be kept on disk', { cause: error, context });
    }
  }

  async drop(logId: string, partition: number, first: bigint): Promise<void> {
    await rm(this.#path(logId, partition, first), { force: true }).catch(() => undefined);
  }

  /**
   * What is kept of a block, as a log of its own; one without records when nothing whole is there: what is left of it
   * stays, as `.damaged`. Rejects with FN_FOLDER when it is there and cannot be read: that may pass.
   */
  async log(logId: string, partition: number, first: bigint): Promise<LogSource> {
    const path = this.#path(logId, partition, first);
    const bytes = await this.#read(path);
    try {
      return new RecordList(partition, bytes === undefined ? [] : decode(bytes, partition));
    } catch {
      await rename(path, `${path}.damaged`).catch(() => undefined);
      return new RecordList(partition, []);
    }
  }

  async #read(path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(path);
    } catch (error) {
      const code = systemCode(error) ?? '';
      if (code === 'ENOENT') return undefined;
      const context = { path, systemCode: code };
      throw new FourninesError('FN_FOLDER', 'a kept block cannot be read', { cause: error, context });
    }
  }

  /** Removes every kept block: all of them are settled. */
  async clear(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names.filter((each) => each.endsWith('.block')))
      await rm(join(this.#folder, name), { force: true }).catch(() => undefined);
  }

  #path(logId: string, partition: number, first: bigint): string {
    return join(this.#folder, `${logId}-${partition}-${first}.block`);
  }
}

const magic = 0x4b424e46;
const recordHeadBytes = 22;

function encode(records: readonly LogRecord[]): Buffer {
  const parts: Uint8Array[] = [];
  const head = Buffer.alloc(8);
  head.writeUInt32LE(magic, 0);
  head.writeUInt32LE(records.length, 4);
  parts.push(head);
  for (const { offset, appendedAtMs, key, value } of records) {
    const name = Buffer.from(key);
    const record = Buffer.alloc(recordHeadBytes);
    record.writeBigUInt64LE(offset, 0);
    record.writeDoubleLE(appendedAtMs, 8);
    record.writeUInt16LE(name.length, 16);
    record.writeUInt32LE(value.length, 18);
    parts.push(record, name, value);
  }
  const body = Buffer.concat(parts);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(crc32(body), 0);
  return Buffer.concat([body, tail]);
}

/** Throws when the bytes are not whole. */
function decode(bytes: Buffer, partition: number): readonly LogRecord[] {
  const end = bytes.length - 4;
  if (end < 8 || bytes.readUInt32LE(0) !== magic || crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) {
    throw new FourninesError('FN_WIRE_DAMAGED', 'a kept block is not whole');
  }
  let at = 8;
  return Array.from({ length: bytes.readUInt32LE(4) }, () => {
    const keyBytes = bytes.readUInt16LE(at + 16);
    const valueBytes = bytes.readUInt32LE(at + 18);
    const keyAt = at + recordHeadBytes;
    const record: LogRecord = {
      partition,
      offset: bytes.readBigUInt64LE(at),
      appendedAtMs: bytes.readDoubleLE(at + 8),
      key: bytes.toString('utf8', keyAt, keyAt + keyBytes),
      value: bytes.subarray(keyAt + keyBytes, keyAt + keyBytes + valueBytes),
    };
    at = keyAt + keyBytes + valueBytes;
    return record;
  });
}

/** A log that is only a list. */
class RecordList implements LogSource {
  readonly #partition: number;
  readonly #records: readonly LogRecord[];

  constructor(partition: number, records: readonly LogRecord[]) {
    this.#partition = partition;
    this.#records = records;
  }

  async partitions(): Promise<readonly number[]> {
    return [this.#partition];
  }

  async earliest(): Promise<bigint> {
    // Nothing kept: whatever is asked for has been forgotten.
    return this.#records[0]?.offset ?? 2n ** 63n;
  }

  async latest(): Promise<bigint> {
    return (this.#records.at(-1)?.offset ?? -1n) + 1n;
  }

  async read({ offset }: ReadRequest): Promise<ReadBatch> {
    const endOffset = await this.latest();
    return { records: this.#records.filter((record) => record.offset >= offset), nextOffset: endOffset, endOffset };
  }

  release(): void {}
}
