import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kind } from '../../core/catalogue/columns.ts';
import { event } from '../../core/catalogue/kinds.ts';
import { FourninesError, systemCode, toFourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import { BlockBuilder } from '../../core/wire/block-builder.ts';
import type { RefusedRun } from '../control/block-ledger.ts';
import type { Engine, InsertFile } from '../store/engine.ts';
import type { Admitted, Refused } from './admit.ts';
import { type Batch, blocksByKind, type KindBlocks } from './batch.ts';
import { joinBlocks, tableColumns } from './block-joiner.ts';
import { BlockTokens } from './block-tokens.ts';
import { deadLetterBlock, deadLetterColumns, deadLetterTable, refusedByStore } from './dead-letter.ts';
import { Scratch } from './native-block.ts';
import { Retry } from './retry.ts';

export interface BatchWriterOptions {
  readonly engine: Engine;
  /** Folder for the files on their way into the engine; this writer's own. */
  readonly folder: string;
  /** See `InserterOptions.logId`. */
  readonly logId: string;
  readonly partition: number;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly insertDeadlineMs: number;
  /** Called before each wait, with the code that caused it. */
  readonly onRetry: (code: string) => void;
  /** Records for good that a run is from now on tried in halves; awaited before the first half is. */
  readonly onRefused?: (batch: Batch, run: RefusedRun, signal: AbortSignal) => Promise<void>;
}

/** What became of a batch. */
export interface Written {
  readonly rows: number;
  readonly deadLetters: readonly Refused[];
}

/**
 * Puts sealed batches into the store, each exactly once, however often it has to try. One batch may be written ahead to
 * its files while another one is inserted.
 */
export class BatchWriter {
  readonly #options: BatchWriterOptions;
  readonly #tokens: BlockTokens;
  /** Of `writeAhead` only: `write`, which seldom joins anything, may run beside it. */
  readonly #scratch = new Scratch();
  /** Files written ahead and not inserted yet. */
  readonly #ahead = new Set<string>();

  constructor(options: BatchWriterOptions) {
    this.#options = options;
    this.#tokens = new BlockTokens(options.logId, options.partition);
  }

  /** Makes the folder empty: a process that was killed, or stopped before all was stored, leaves files in it. */
  async clear(): Promise<void> {
    this.#ahead.clear();
    await rm(this.#options.folder, { recursive: true, force: true });
    await mkdir(this.#options.folder, { recursive: true });
  }

  /** Writes the files of a batch that `write` is to store next; those it cannot write are left to `write`. */
  async writeAhead(batch: Batch): Promise<void> {
    for (const { kind, blocks } of blocksByKind(batch.admitted, batch.kinds)) {
      const path = this.#path(rangeOf(batch, batch.admitted), kind.name);
      try {
        await writeBlocks(path, joinBlocks(kind, blocks, this.#scratch));
        this.#ahead.add(path);
      } catch {
        await removeFile(path);
        return;
      }
    }
  }

  /** Rejects only with the reason of `signal`; the same batch may then be written again, and nothing is doubled. */
  async write(batch: Batch, signal: AbortSignal): Promise<Written> {
    const refused = [...batch.refused];
    let rows = 0;
    for (const { kind } of blocksByKind(batch.admitted, batch.kinds)) {
      rows += await this.#insertKind(kind, batch, batch.admitted, refused, signal);
    }
    if (refused.length > 0) await this.#bury(batch, refused, signal);
    if (batch.told.length > 0) await this.#tell(batch, signal);
    return { rows, deadLetters: refused };
  }

  /**
   * Gives the rows stored. A run that is refused for good is halved down to the message that spoils it. Which runs those
   * are is kept in the batch: tried whole again under its own token, a run would double the half that went in.
   */
  async #insertKind(
    kind: Kind,
    batch: Batch,
    messages: readonly Admitted[],
    refused: Refused[],
    signal: AbortSignal,
  ): Promise<number> {
    const found = blocksByKind(messages, batch.kinds).find((each) => each.kind === kind);
    if (found === undefined) return 0;
    const range = rangeOf(batch, messages);
    const run = `${kind.name} ${range}`;
    let cause = batch.refusedRuns.get(run);
    if (cause === undefined) {
      cause = await this.#insertRun(found, range, signal);
      if (cause === undefined) return found.rows;
      const { code, message } = cause;
      await this.#options.onRefused?.(batch, { run, code, message }, signal);
      batch.refusedRuns.set(run, cause);
    }
    if (messages.length === 1) {
      refused.push(refusedByStore(messages[0] as Admitted, kind.name, cause));
      return 0;
    }
    const middle = messages.length >> 1;
    const left = await this.#insertKind(kind, batch, messages.slice(0, middle), refused, signal);
    return left + (await this.#insertKind(kind, batch, messages.slice(middle), refused, signal));
  }

  /** Undefined when the run is stored; the reason when it is refused for good. */
  async #insertRun(
    { kind, blocks }: KindBlocks,
    range: string,
    signal: AbortSignal,
  ): Promise<FourninesError | undefined> {
    const insert = { table: kind.name, columns: tableColumns(kind), token: this.#tokens.of(range, kind) };
    try {
      await this.#insert(range, insert, () => joinBlocks(kind, blocks), signal);
      return undefined;
    } catch (error) {
      if (signal.aborted) throw error;
      const cause = toFourninesError(error);
      const fields = { table: kind.name, range, code: cause.code, ...cause.context };
      this.#options.logger.warn(fields, 'an insert was refused');
      return cause;
    }
  }

  async #bury(batch: Batch, letters: readonly Refused[], signal: AbortSignal): Promise<void> {
    const range = `${batch.first}-${batch.last}`;
    const insert = {
      table: deadLetterTable,
      columns: deadLetterColumns,
      token: this.#tokens.of(range, deadLetterTable),
    };
    const block = deadLetterBlock(letters, this.#options.logId, this.#options.nowMs());
    try {
      await this.#insert(range, insert, () => [block], signal);
    } catch (error) {
      if (signal.aborted) throw error;
      // The last resort: the letters stay on the disk as they are, and ingest goes on.
      const folder = join(this.#options.folder, '..', '..', 'dead-letters');
      const path = join(folder, `${this.#options.logId}-${this.#options.partition}-${batch.first}.native`);
      await mkdir(folder, { recursive: true });
      await writeBlocks(path, [block]);
      const { code, message } = toFourninesError(error);
      this.#options.logger.error({ path, code, reason: message }, 'dead letters are kept in a file');
    }
  }

  /** Events of ingest itself, in an insert of their own: the block's other events come from its messages. */
  async #tell({ first, last, told }: Batch, signal: AbortSignal): Promise<void> {
    const builder = new BlockBuilder(event);
    for (const { host, atMs, event: name, detail } of told) {
      builder.add({
        host,
        at: BigInt(Math.trunc(atMs)),
        event: name,
        object: 'ingest',
        detail: JSON.stringify(detail),
      });
    }
    const range = `${first}-${last}-told`;
    const insert = { table: event.name, columns: tableColumns(event), token: this.#tokens.of(range, event.name) };
    try {
      await this.#insert(range, insert, () => joinBlocks(event, [builder.block()]), signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const { code, message } = toFourninesError(error);
      this.#options.logger.error({ range, code, reason: message }, 'events of ingest were refused by the store');
    }
  }

  /** Tries until it is in, or is refused for good, or `signal` says to stop. */
  async #insert(
    range: string,
    insert: Omit<InsertFile, 'path'>,
    blocks: () => Iterable<Buffer>,
    signal: AbortSignal,
  ): Promise<void> {
    const { engine, insertDeadlineMs, logger, onRetry } = this.#options;
    const path = this.#path(range, insert.table);
    const retry = new Retry();
    for (;;) {
      signal.throwIfAborted();
      try {
        if (!this.#ahead.delete(path)) await writeBlocks(path, blocks());
        await engine.insertFile({ ...insert, path }, { deadlineMs: insertDeadlineMs, signal });
        if (retry.failures > 0) {
          logger.info({ table: insert.table, failures: retry.failures }, 'an insert went in after failures');
        }
        return;
      } catch (error) {
        signal.throwIfAborted();
        const failure = toFourninesError(error);
        const folderFailed = error instanceof FolderError;
        if (!failure.retryable && !folderFailed) throw failure;
        if (folderFailed) await this.#makeRoom();
        onRetry(failure.code);
        // The first failure and then every sixteenth: an outage is one condition, not a line a second.
        if (retry.failures % 16 === 0) {
          logger.warn({ table: insert.table, code: failure.code, reason: failure.message }, 'an insert waits');
        }
        await retry.wait(signal);
      } finally {
        await removeFile(path);
      }
    }
  }

  /** A batch that waits may not take the disk from the one before it: its files are written again when they are due. */
  async #makeRoom(): Promise<void> {
    const paths = [...this.#ahead];
    this.#ahead.clear();
    for (const path of paths) await removeFile(path);
    // Somebody may have emptied the folder above it.
    await mkdir(this.#options.folder, { recursive: true }).catch(() => undefined);
  }

  #path(range: string, table: string): string {
    return join(this.#options.folder, `${range}-${table}.native`);
  }
}

/** First and last offset: of the block when all its messages are meant, else of the messages. */
function rangeOf(batch: Batch, messages: readonly Admitted[]): string {
  if (messages.length === batch.admitted.length) return `${batch.first}-${batch.last}`;
  return `${messages[0]?.record.offset}-${messages.at(-1)?.record.offset}`;
}

async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}

/** A full or failing disk: the rows wait in the bus, so it is tried again although FN_FOLDER as such is not retryable. */
class FolderError extends FourninesError {}

export async function writeBlocks(path: string, blocks: Iterable<Buffer>): Promise<void> {
  try {
    const file = await open(path, 'w');
    try {
      for (const block of blocks) await writeFile(file, block);
    } finally {
      await file.close();
    }
  } catch (error) {
    const context = { path, systemCode: systemCode(error) ?? '' };
    throw new FolderError('FN_FOLDER', 'a file for the store cannot be written', { cause: error, context });
  }
}
