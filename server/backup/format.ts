import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { FourninesError } from '../../core/runtime/error.ts';

/**
 * A backup is a folder (docs/backup.md):
 *
 * ```text
 * manifest.json                    written last: without it the backup was never finished
 * store/TABLE/PART/...             parts of the store's tables, as the store has them
 * control/TABLE.jsonl              rows of the control store's tables, one JSON object a line
 * dead-letters/...                 letters that not even the store took
 * ```
 */
export const manifestName = 'manifest.json';
export const formatVersion = 1;

const Rows = Type.Array(Type.Object({ table: Type.String(), rows: Type.Integer({ minimum: 0 }) }));

/** What is known of a backup before its files are read. */
export const BackupHead = Type.Object({
  format: Type.Integer({ minimum: 1 }),
  version: Type.String({ description: 'Of the program that made it.' }),
  takenAt: Type.String({ description: 'The instant whose state it is.' }),
  heldMs: Type.Integer({ minimum: 0, description: 'How long writers waited for it.' }),
  storeSchema: Type.Integer({ minimum: 0 }),
  controlSchema: Type.Integer({ minimum: 0 }),
  /** Of the files known so far; settled blocks of the ledger come on top. */
  bytes: Type.Integer({ minimum: 0 }),
  store: Rows,
  /** Last values of the sequences behind identity columns. */
  sequences: Type.Array(Type.Object({ table: Type.String(), column: Type.String(), last: Type.String() })),
});
export type BackupHead = Static<typeof BackupHead>;

export const Manifest = Type.Object({
  ...BackupHead.properties,
  control: Rows,
  files: Type.Array(
    Type.Object({
      path: Type.String(),
      bytes: Type.Integer({ minimum: 0 }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    }),
  ),
});
export type Manifest = Static<typeof Manifest>;

const headCheck = Compile(BackupHead);
const manifestCheck = Compile(Manifest);

export function headOf(value: unknown): BackupHead {
  if (headCheck.Check(value)) return value;
  throw new FourninesError('FN_BACKUP_DAMAGED', 'what came is not the beginning of a backup');
}

export function manifestOf(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (manifestCheck.Check(value)) return value;
  throw new FourninesError('FN_BACKUP_DAMAGED', `${manifestName} is not that of a backup`);
}

/** Paths in a backup are ours: below one of its three folders, without a way out. */
export function isBackupPath(path: string): boolean {
  const [top = '', ...rest] = path.split('/');
  const plain = /^[A-Za-z0-9_.=@+%-]+$/;
  const levels = { store: rest.length >= 3, control: rest.length === 1, 'dead-letters': rest.length === 1 }[top];
  return levels === true && rest.every((name) => plain.test(name) && name !== '.' && name !== '..');
}
