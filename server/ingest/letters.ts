import { join } from 'node:path';
import type { Static } from 'typebox';
import type { LogSink } from '../../core/bus/log.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { ControlStore } from '../control/control-store.ts';
import { type LetterKey, readReplays, recordReplay } from '../control/letter-replays.ts';
import { releaseHost } from '../control/speakers.ts';
import type { Engine } from '../store/engine.ts';
import { deadLetter, deadLetterPage } from '../store/queries/dead-letters.ts';
import { type QueryContext, runQuery } from '../store/run-query.ts';
import { type Admitted, Admitter } from './admit.ts';
import { Batch } from './batch.ts';
import { BatchWriter } from './batch-writer.ts';

export interface LettersOptions {
  readonly store: QueryContext;
  readonly control: ControlStore;
  readonly engine: Engine;
  readonly dataFolder: string;
  readonly logger: Logger;
  /** The log that messages come from; undefined: nothing can be sent again. */
  readonly sink: LogSink | undefined;
  /** Held while a letter goes into both stores; rejects when there is no room for it. */
  readonly pass: (signal: AbortSignal) => Promise<Disposable>;
}

type LetterRow = Static<(typeof deadLetterPage)['row']>;

export interface Letter extends Omit<LetterRow, keyof LetterKey>, LetterKey {
  readonly replayedAtMs: number | null;
}

export interface LetterWithBytes extends Letter {
  readonly bytes: Buffer;
}

export interface LetterQuery {
  readonly code: string;
  readonly host: string;
  readonly before: (LetterKey & { readonly atMs: string }) | undefined;
  readonly limit: number;
}

/** sent: into the log again. stored: straight into the table that refused it. before: it was done before; nothing is done. */
export type ReplayOutcome =
  | { readonly outcome: 'sent' | 'stored' | 'before' }
  | { readonly outcome: 'refused'; readonly code: string; readonly reason: string };

const insertDeadlineMs = 30_000;
const stopWaitMs = 5_000;

/** Dead letters: asked for, and sent again once what kept them out is mended. */
export class Letters implements Part {
  readonly name = 'letters';
  readonly #stopping = new AbortController();
  readonly #options: LettersOptions;
  readonly #admitter = new Admitter();
  /** One at a time, so that two clicks are one replay. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: LettersOptions) {
    this.#options = options;
  }

  async list({ code, host, before, limit }: LetterQuery): Promise<readonly Letter[]> {
    const rows = await runQuery(this.#options.store, deadLetterPage, {
      ...{ code, host, limit },
      beforeMs: before?.atMs ?? '',
      topic: before?.topic ?? '',
      partition: before?.partition ?? 0,
      offset: String(before?.offset ?? 0n),
    });
    const keyed = rows.map((row) => ({ ...row, offset: BigInt(row.offset) }));
    const replays = await readReplays(this.#options.control, keyed);
    return keyed.map((letter, i) => ({ ...letter, replayedAtMs: replays[i] ?? null }));
  }

  /** The rows of one letter: one, or one for each table that refused it. FN_NOT_FOUND. */
  async find({ topic, partition, offset }: LetterKey): Promise<readonly LetterWithBytes[]> {
    const asked = { topic, partition, offset: String(offset) };
    const rows = await runQuery(this.#options.store, deadLetter, asked);
    if (rows.length === 0) throw new FourninesError('FN_NOT_FOUND', 'there is no such letter');
    const [replayedAtMs = null] = await readReplays(this.#options.control, [{ topic, partition, offset }]);
    return rows.map(({ base64, ...row }) => ({ ...row, offset, replayedAtMs, bytes: Buffer.from(base64, 'base64') }));
  }

  async start(): Promise<void> {}

  /** Takes no more replays; the one under way ends, or is left: what it has put into the log is known by its sequence. */
  async stop(): Promise<void> {
    this.#stopping.abort(new FourninesError('FN_SERVER_STOPPING', 'the server is stopping'));
    const waited = new AbortController();
    const late = sleepMs(stopWaitMs, waited.signal).catch(() => undefined);
    await Promise.race([this.#tail, late]).finally(() => waited.abort());
  }

  /** Sends a letter again, once: a second time has no effect, nor has a message that is stored already. */
  replay(key: LetterKey, signal: AbortSignal): Promise<ReplayOutcome> {
    const both = AbortSignal.any([signal, this.#stopping.signal]);
    const replayed = this.#tail.then(() => this.#replay(key, both));
    this.#tail = replayed.catch(() => undefined);
    return replayed;
  }

  /** False: the host is not known. */
  release(host: string): Promise<boolean> {
    return releaseHost(this.#options.control, host);
  }

  async #replay(key: LetterKey, signal: AbortSignal): Promise<ReplayOutcome> {
    const { control } = this.#options;
    signal.throwIfAborted();
    const letters = await this.find(key);
    const [letter] = letters;
    if (letter === undefined || letter.replayedAtMs !== null) return { outcome: 'before' };
    const record = { ...key, key: letter.key, value: letter.bytes, appendedAtMs: Number(letter.atMs) };
    const admitted = this.#admitter.admit(record);
    if ('error' in admitted) return refused(admitted.error);
    const tables = letters.map(({ refusedBy }) => refusedBy).filter((table) => table !== '');
    if (tables.length === 0) {
      // Without a pass: its block takes one. A backup between the two has it stored and not replayed, and it may come again.
      const sent = await this.#send(record);
      await recordReplay(control, key);
      return sent;
    }
    using _pass = await this.#options.pass(signal);
    const outcome = await this.#storeIn(tables, key, admitted, signal);
    if (outcome.outcome !== 'refused') await recordReplay(control, key);
    return outcome;
  }

  async #send({ key, value }: { readonly key: string; readonly value: Uint8Array }): Promise<ReplayOutcome> {
    const { sink } = this.#options;
    if (sink === undefined) {
      throw new FourninesError('FN_USAGE', 'this server only reads its log: a letter cannot be sent again from here');
    }
    await sink.append(key, value);
    return { outcome: 'sent' };
  }

  /**
   * The rest of the message is stored, so it does not go through the log. Its insert has the very name under which the
   * store refused it: whoever comes second changes nothing. The store forgets names by and by, so each table that has
   * taken its rows is noted, for when the one after it refuses again.
   */
  async #storeIn(
    tables: readonly string[],
    key: LetterKey,
    admitted: Admitted,
    signal: AbortSignal,
  ): Promise<ReplayOutcome> {
    const { control } = this.#options;
    // No topic has a slash in its name.
    const keys = tables.map((table) => ({ ...key, topic: `${key.topic}/${table}` }));
    const stored = await readReplays(control, keys);
    for (const [i, table] of tables.entries()) {
      if (stored[i] !== null) continue;
      const again = await this.#storeInOne(table, key, admitted, signal);
      if (again !== undefined) return refused(again);
      await recordReplay(control, keys[i] as LetterKey);
    }
    return { outcome: 'stored' };
  }

  /** Why the table does not take its rows; undefined: it has them. */
  async #storeInOne(
    table: string,
    { topic, partition, offset }: LetterKey,
    admitted: Admitted,
    signal: AbortSignal,
  ): Promise<FourninesError | undefined> {
    const { engine, dataFolder, logger } = this.#options;
    const batch = new Batch();
    const blocks = admitted.message.blocks.filter(({ kind }) => kind === table);
    batch.add({ ...admitted, message: { ...admitted.message, blocks } });
    const writer = new BatchWriter({
      engine,
      folder: join(dataFolder, 'tmp', `letter-${partition}-${offset}`),
      logId: topic,
      ...{ partition, logger, insertDeadlineMs },
      nowMs: Date.now,
      onRetry: () => undefined,
    });
    await writer.clear();
    const { deadLetters } = await writer.write(batch, signal);
    return deadLetters[0]?.error;
  }
}

function refused({ code, message }: FourninesError): ReplayOutcome {
  return { outcome: 'refused', code, reason: message };
}
