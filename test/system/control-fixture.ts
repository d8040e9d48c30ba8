import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../core/runtime/logger.ts';
import { EmbeddedStore } from '../../server/control/embedded/embedded-store.ts';
import { migrateControl } from '../../server/control/migrate.ts';

const manifest = new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url);
const version = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
const template = join(tmpdir(), `fn-control-template-${version}-${process.getuid?.() ?? 0}`);

/** Puts an empty embedded control store into a data folder: making one takes seconds, so one is made and copied. */
export async function placeControl(dataFolder: string): Promise<void> {
  if (!existsSync(template)) {
    const draft = mkdtempSync(join(tmpdir(), 'fn-control-draft-'));
    const store = new EmbeddedStore({ folder: join(draft, 'control'), logger: silentLogger });
    await store.open();
    await store.close();
    try {
      renameSync(join(draft, 'control', 'pg'), template);
    } catch {
      // Another test was faster.
    }
    rmSync(draft, { recursive: true, force: true });
  }
  mkdirSync(join(dataFolder, 'control'), { recursive: true });
  cpSync(template, join(dataFolder, 'control', 'pg'), { recursive: true });
}

export interface OpenControl extends AsyncDisposable {
  readonly store: EmbeddedStore;
}

/** A migrated control store in a folder of its own, both gone at the end. */
export async function openControl(): Promise<OpenControl> {
  const folder = mkdtempSync(join(tmpdir(), 'fn-control-'));
  await placeControl(folder);
  const store = new EmbeddedStore({ folder: join(folder, 'control'), logger: silentLogger });
  await migrateControl(store);
  return {
    store,
    [Symbol.asyncDispose]: async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
