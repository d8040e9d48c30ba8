import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kind, RowOf } from '../../core/catalogue/columns.ts';
import type { dropSlot, portSlot } from '../../core/catalogue/kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { BlockBuilder } from '../../core/wire/block-builder.ts';
import type { EncodedBlock } from '../../core/wire/message.ts';
import { writeBlocks } from '../../server/ingest/batch-writer.ts';
import { joinBlocks, tableColumns } from '../../server/ingest/block-joiner.ts';
import { EmbeddedEngine, type EmbeddedEngineOptions } from '../../server/store/embedded/engine.ts';
import type { Engine } from '../../server/store/engine.ts';
import { migrate, readMigrations } from '../../server/store/migrate.ts';

export interface OpenStore extends AsyncDisposable {
  readonly folder: string;
  readonly engine: EmbeddedEngine;
}

async function aFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'fournines-store-'));
}

/** What a migrated store without rows depends on: another of it gets another template. */
function templateOf(): string {
  const hash = createHash('sha256').update(JSON.stringify(readMigrations()));
  for (const file of ['server/store/migrate.ts', 'node_modules/chdb/package.json']) {
    hash.update(readFileSync(new URL(`../../${file}`, import.meta.url)));
  }
  return join(tmpdir(), `fn-store-template-${hash.digest('hex').slice(0, 16)}-${process.getuid?.() ?? 0}`);
}

/** Puts a migrated store without rows at a path: all migrations take seconds, so they are run once and copied. */
async function placeStore(path: string): Promise<void> {
  const template = templateOf();
  if (!existsSync(template)) {
    const draft = await aFolder();
    const engine = new EmbeddedEngine({ path: join(draft, 'store'), logger: silentLogger });
    await engine.start();
    await migrate(engine);
    await engine.close();
    // Another test may have been faster.
    await rename(join(draft, 'store'), template).catch(() => undefined);
    await rm(draft, { recursive: true, force: true });
  }
  await cp(template, path, { recursive: true, verbatimSymlinks: true });
}

/** A migrated store in a folder of its own, both gone at the end. */
export async function openStore(
  options: Partial<EmbeddedEngineOptions> & { migrated?: boolean } = {},
): Promise<OpenStore> {
  const { migrated = true, ...rest } = options;
  const folder = await aFolder();
  if (migrated) await placeStore(join(folder, 'store'));
  const engine = new EmbeddedEngine({ path: join(folder, 'store'), logger: silentLogger, ...rest });
  await engine.start();
  return {
    folder,
    engine,
    [Symbol.asyncDispose]: async () => {
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function blockOf<K extends Kind>(kind: K, rows: readonly RowOf<K>[]): EncodedBlock {
  const builder = new BlockBuilder(kind);
  for (const row of rows) builder.add(row);
  return builder.block();
}

let files = 0;

export async function insertRows<K extends Kind>(
  { engine, folder }: Pick<OpenStore, 'folder'> & { readonly engine: Engine },
  kind: K,
  rows: readonly RowOf<K>[],
  token?: string,
): Promise<void> {
  if (rows.length === 0) return;
  const path = join(folder, `${kind.name}-${files++}.native`);
  await writeBlocks(path, joinBlocks(kind, [blockOf(kind, rows)]));
  const insert = { table: kind.name, columns: tableColumns(kind), path, ...(token === undefined ? {} : { token }) };
  await engine.insertFile(insert, { deadlineMs: 30_000 });
  await rm(path);
}

/** Midnight of today: raw rows have a time to live, so fixtures cannot lie in a fixed year. */
export const today = Math.floor(Date.now() / 86_400_000) * 86_400;

type Slot = Pick<
  RowOf<typeof portSlot>,
  'slot' | 'slots' | 'state' | 'suspect' | 'intervalNs' | 'readSpanNs' | 'lateNs' | 'epoch'
>;

export const aSlot: Slot = {
  slot: today,
  slots: 1,
  state: 'observed',
  suspect: 0,
  intervalNs: 1_000_000_000n,
  readSpanNs: 20_000n,
  lateNs: 5_000n,
  epoch: 65_536n,
};

export function aPortSlot(over: Partial<RowOf<typeof portSlot>> = {}): RowOf<typeof portSlot> {
  return {
    host: 'h1',
    port: 'vhu1',
    direction: 'rx',
    ...aSlot,
    countedIn: '',
    packets: 1_000n,
    packetsInc: 100n,
    bytes: 64_000n,
    bytesInc: 6_400n,
    dropsOutside: 7n,
    dropsOutsideInc: 2n,
    dropsInside: 3n,
    dropsInsideInc: 1n,
    ...over,
  };
}

export function aDropSlot(over: Partial<RowOf<typeof dropSlot>> = {}): RowOf<typeof dropSlot> {
  return {
    host: 'h1',
    port: 'vhu1',
    direction: 'rx',
    cause: 'no_mbuf',
    place: 'outside',
    ...aSlot,
    packets: 7n,
    packetsInc: 2n,
    ...over,
  };
}

export async function count(engine: Engine, from: string): Promise<number> {
  const rows = await engine.query(`SELECT count() AS n FROM ${from}`, {}, { deadlineMs: 10_000 });
  return Number((rows as { n: string }[])[0]?.n);
}

/** Waits until `is` holds; throws after `deadlineMs`. */
export async function until(is: () => boolean | Promise<boolean>, deadlineMs = 20_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await is())) {
    if (Date.now() > end) throw new Error(`not so within ${deadlineMs} ms: ${is.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
