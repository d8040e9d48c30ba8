import { join } from 'node:path';
import { InProcessLog } from '../../core/bus/in-process.ts';
import type { LogRecord } from '../../core/bus/log.ts';
import { portSlot } from '../../core/catalogue/kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { type Admitted, Admitter } from '../../server/ingest/admit.ts';
import { writeBlocks } from '../../server/ingest/batch-writer.ts';
import { joinBlocks, tableColumns } from '../../server/ingest/block-joiner.ts';
import { batchBytesMax, batchRowsMax, Inserter } from '../../server/ingest/inserter.ts';
import { Scratch } from '../../server/ingest/native-block.ts';
import type { EmbeddedEngine } from '../../server/store/embedded/engine.ts';
import { type FileFormat, insertFileSql } from '../../server/store/insert-sql.ts';
import { aGrant, MemoryLedger } from '../../test/fakes/memory-ledger.ts';
import { jsonLines, rowsOfMessage } from './messages.ts';

export const deadlineMs = 300_000;
export const columns = tableColumns(portSlot);

export interface Rival {
  readonly name: string;
  /** Milliseconds of one repetition, by stage. */
  run(repetition: number): Promise<Readonly<Record<string, number>>>;
}

export interface Bench {
  readonly engine: EmbeddedEngine;
  readonly folder: string;
  readonly records: readonly LogRecord[];
}

/**
 * The roads from messages in memory to rows in the tables. All cut the same batches from the same messages, and all but
 * "in turn" write the next file while one is inserted.
 */
export function roads(bench: Bench): Rival[] {
  const batches = cut(bench.records);
  const texts = new Map(bench.records.map((record) => [record, jsonLines(record)]));
  return [
    product(bench),
    inTurn(bench, batches, 'Native, in turn', true),
    inTurn(bench, batches, 'Native, a block a message', false),
    json(bench, batches, texts, 'rows as JSONEachRow', true),
    json(bench, batches, texts, 'rows as JSONEachRow, 1 parser', false),
  ];
}

/** As the inserter cuts them: by bytes on the wire or rows, whichever is first. */
function cut(records: readonly LogRecord[]): LogRecord[][] {
  const batches: LogRecord[][] = [];
  let bytes = batchBytesMax;
  for (const record of records) {
    const rows = (batches.at(-1)?.length ?? 0) * rowsOfMessage;
    if (bytes >= batchBytesMax || rows >= batchRowsMax) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(record);
    bytes += record.value.length;
  }
  return batches;
}

/** The inserter itself on a bus that holds all messages: read, decode, check, join, write, insert, release. */
function product({ engine, folder, records }: Bench): Rival {
  return {
    name: 'Native, the product',
    run: async (repetition) => {
      const wireBytes = records.reduce((sum, { value }) => sum + value.length, 0);
      const log = new InProcessLog({ bytesMax: wireBytes, recordBytesMax: batchBytesMax, nowMs: Date.now });
      for (const { key, value } of records) await log.append(key, value);
      const stored = Promise.withResolvers<void>();
      const release = log.release.bind(log);
      log.release = (partition, offset) => {
        release(partition, offset);
        if (offset === BigInt(records.length)) stored.resolve();
      };
      const options = { partition: 0, logId: `bench${repetition}`, engine, dataFolder: folder, logger: silentLogger };
      const memory = { ledger: new MemoryLedger(), grant: aGrant };
      const inserter = new Inserter({ ...options, ...memory, log, lingerMs: 50 });
      const startedAtMs = performance.now();
      await inserter.start();
      await stored.promise;
      const ms = performance.now() - startedAtMs;
      await inserter.stop();
      const { messages, deadLetters } = inserter.stats();
      if (messages !== records.length) throw new Error(`not all was stored: ${JSON.stringify(deadLetters)}`);
      return { total: ms };
    },
  };
}

/** The product's steps one after the other, timed one by one. Without joining each host's tick is a block of its own. */
function inTurn({ engine, folder }: Bench, batches: readonly LogRecord[][], name: string, joined: boolean): Rival {
  const scratch = new Scratch();
  const path = join(folder, 'in-turn.native');
  return {
    name,
    run: async (repetition) => {
      const ms = { 'decode and check': 0, 'join and write': 0, insert: 0 };
      for (const [i, batch] of batches.entries()) {
        const t0 = performance.now();
        const messages = admitAll(batch).map(({ message }) => message.blocks);
        const t1 = performance.now();
        const runs = joined ? [messages.flat()] : messages;
        const blocks = (function* () {
          for (const run of runs) yield* joinBlocks(portSlot, run, scratch);
        })();
        await writeBlocks(path, blocks);
        const t2 = performance.now();
        const token = `bench:${joined}:${repetition}:${i}`;
        await engine.insertFile({ table: 'port_slot', columns, path, token }, { deadlineMs });
        ms['decode and check'] += t1 - t0;
        ms['join and write'] += t2 - t1;
        ms.insert += performance.now() - t2;
      }
      return ms;
    },
  };
}

function admitAll(records: readonly LogRecord[]): Admitted[] {
  const admitter = new Admitter();
  return records.map((record) => {
    const admitted = admitter.admit(record);
    if ('error' in admitted) throw admitted.error;
    return admitted;
  });
}

/**
 * The rival whose wire is JSON rows. The text of each message is there beforehand (a collector would make it), nothing
 * decodes or checks it here: texts of a batch are put behind each other in a file and inserted as the product's file is.
 */
function json(
  { engine, folder }: Bench,
  batches: readonly LogRecord[][],
  texts: ReadonlyMap<LogRecord, Buffer>,
  name: string,
  parallel: boolean,
): Rival {
  const scratch = new Scratch();
  return {
    name,
    run: async (repetition) => {
      const startedAtMs = performance.now();
      let inserted = Promise.resolve();
      for (const [i, batch] of batches.entries()) {
        const lines = batch.map((record) => texts.get(record) as Buffer);
        const path = join(folder, `rows-${i % 2}.jsonl`);
        await writeBlocks(path, [concat(lines, scratch)]);
        await inserted;
        const token = `bench:json:${parallel}:${repetition}:${i}`;
        inserted = engine.command(fileInsert({ path, format: 'JSONEachRow', parallel, token }), { deadlineMs });
      }
      await inserted;
      return { total: performance.now() - startedAtMs };
    },
  };
}

function concat(parts: readonly Buffer[], scratch: Scratch): Buffer {
  const out = scratch.take(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(out, at);
  return out;
}

export interface FileInsert {
  readonly path: string;
  readonly format: FileFormat;
  /** The file is parsed by all cores, which the exact insert of the product forgoes. */
  readonly parallel: boolean;
  readonly token?: string;
  readonly table?: string;
}

/** The product's statement, with as many threads as its own lane has. */
export function fileInsert({ path, format, parallel, token, table = 'port_slot' }: FileInsert): string {
  const sql = insertFileSql({ table, columns, path, ...(token === undefined ? {} : { token }) }, format);
  const threads = sql.replace('SETTINGS ', 'SETTINGS max_threads = 2, ');
  return parallel ? threads.replace('input_format_parallel_parsing = 0', 'input_format_parallel_parsing = 1') : threads;
}
