import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kind, RowOf } from '../../core/catalogue/columns.ts';
import { BlockBuilder } from '../../core/wire/block-builder.ts';
import { writeBlocks } from '../ingest/batch-writer.ts';
import { joinBlocks, tableColumns } from '../ingest/block-joiner.ts';
import type { Engine } from './engine.ts';

const insertDeadlineMs = 60_000;

/** Puts rows that the server itself makes (seals, owners) into the store, in the form in which those of hosts go in. */
export class OwnRows {
  readonly #engine: Engine;
  readonly #folder: string;

  /** `folder` is its own; `clear` makes it. */
  constructor(engine: Engine, folder: string) {
    this.#engine = engine;
    this.#folder = folder;
  }

  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true });
  }

  /** The same token, the same rows: an insert that is repeated after a lost answer changes nothing. */
  async insert<K extends Kind>(
    kind: K,
    rows: readonly RowOf<K>[],
    call: { readonly token: string; readonly signal: AbortSignal },
  ): Promise<void> {
    const builder = new BlockBuilder(kind);
    for (const row of rows) builder.add(row);
    const path = join(this.#folder, `${kind.name}.native`);
    await writeBlocks(path, joinBlocks(kind, [builder.block()]));
    const insert = { table: kind.name, columns: tableColumns(kind), path, token: `${kind.name}:${call.token}` };
    await this.#engine.insertFile(insert, { deadlineMs: insertDeadlineMs, signal: call.signal });
    await rm(path, { force: true });
  }
}
