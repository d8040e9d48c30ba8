import { FourninesError } from '../../core/runtime/error.ts';
import type { ObjectBodies, ObjectKind, Version } from '../objects/object.ts';
import type { ControlSession, ControlValue } from './control-store.ts';

/** Versions of one answer: as many objects as one server judges, with room for what is about to change. */
const versionsMax = 40_000;

const columns = `v.kind, v.name, v.version, v.valid_from, v.valid_to, v.body, v.sha256, a.witness,
  (extract(epoch FROM a.recorded_at) * 1000)::bigint AS recorded_at_ms`;
const versions = 'object_version v JOIN object_apply a ON a.revision = v.begun';
const byName = 'ORDER BY v.kind, v.name, v.version';

/** A store, or a transaction of it. */
export type Asked = Pick<ControlSession, 'query'>;

/** Grows with each apply that changed something, from 0 on: whoever holds objects in memory reads them again when it has. */
export async function objectRevision(store: Asked): Promise<number> {
  const [row] = await store.query('SELECT coalesce(max(revision), 0)::bigint AS revision FROM object_apply');
  return Number(row?.['revision']);
}

/** What holds at an instant, unix seconds. */
export function versionsAt(store: Asked, at: number): Promise<readonly Version[]> {
  return versionsWithin(store, { from: at, to: at + 1 });
}

/** Whatever holds in some second of [from, to), of one kind or of all; FN_CONTROL when that is more than can be held. */
export function versionsWithin(
  store: Asked,
  { from, to }: { from: number; to: number },
  kind?: ObjectKind,
): Promise<readonly Version[]> {
  const held = 'v.valid_from < $2 AND (v.valid_to IS NULL OR v.valid_to > greatest($1::bigint, v.valid_from))';
  return kind === undefined ? read(store, held, [from, to]) : read(store, `${held} AND v.kind = $3`, [from, to, kind]);
}

/** All that a name ever was, the first version first; those that were withdrawn before they began are in it. */
export function versionsOf(store: Asked, kind: ObjectKind, name: string): Promise<readonly Version[]> {
  return read(store, 'v.kind = $1 AND v.name = $2', [kind, name]);
}

/** Whatever still holds at an instant or begins later; and of these names the newest version, though it has ended. */
export function versionsSince(
  store: Asked,
  at: number,
  names: readonly { readonly kind: ObjectKind; readonly name: string }[],
): Promise<readonly Version[]> {
  const newest = `(v.kind, v.name, v.version) IN (
    SELECT n.kind, n.name, max(n.version) FROM object_version n
    JOIN jsonb_to_recordset($2::text::jsonb) AS x(kind text, name text) ON n.kind = x.kind AND n.name = x.name
    GROUP BY n.kind, n.name)`;
  const asked = JSON.stringify(names.map(({ kind, name }) => ({ kind, name })));
  return read(store, `v.valid_to IS NULL OR v.valid_to > $1 OR ${newest}`, [at, asked]);
}

async function read(store: Asked, where: string, values: readonly ControlValue[]): Promise<readonly Version[]> {
  const sql = `SELECT ${columns} FROM ${versions} WHERE ${where} ${byName} LIMIT ${versionsMax + 1}`;
  const rows = await store.query(sql, values);
  if (rows.length > versionsMax) {
    throw new FourninesError('FN_CONTROL', `there are more than ${versionsMax} versions of objects`, {
      hint: 'One server holds no more; ask for a shorter window.',
    });
  }
  return rows.map((row) => ({
    kind: row['kind'] as ObjectKind,
    name: String(row['name']),
    version: Number(row['version']),
    from: Number(row['valid_from']),
    to: row['valid_to'] === null ? null : Number(row['valid_to']),
    body: JSON.parse(String(row['body'])) as ObjectBodies[ObjectKind],
    sha256: String(row['sha256']),
    witness: String(row['witness']),
    recordedAtMs: Number(row['recorded_at_ms']),
  }));
}

/** What an apply does to one name: a version ends, one begins, or both. */
export interface Step {
  readonly kind: ObjectKind;
  readonly name: string;
  /** The version that ends; undefined: none holds. */
  readonly ends: number | undefined;
  readonly begins: { readonly version: number; readonly canonical: string; readonly sha256: string } | undefined;
}

/**
 * One apply at a time: the next one waits here and then sees what this one did. To be called first in its transaction, whose
 * view of the data is fixed by the first SELECT.
 */
export async function aloneInObjects(session: ControlSession): Promise<void> {
  await session.script('LOCK TABLE object_apply IN SHARE ROW EXCLUSIVE MODE');
}

/** Writes what an apply does from `from` on, and gives its revision. */
export async function writeSteps(
  session: ControlSession,
  steps: readonly Step[],
  from: number,
  witness: string,
): Promise<number> {
  const [row] = await session.query(
    `INSERT INTO object_apply (revision, effective_at, witness)
     SELECT coalesce(max(revision), 0) + 1, $1, $2 FROM object_apply RETURNING revision`,
    [from, witness],
  );
  const revision = Number(row?.['revision']);
  const ended = steps.flatMap(({ kind, name, ends }) => (ends === undefined ? [] : [{ kind, name, version: ends }]));
  await session.query(
    `UPDATE object_version v SET valid_to = $2, ended = $3
     FROM jsonb_to_recordset($1::text::jsonb) AS x(kind text, name text, version integer)
     WHERE v.kind = x.kind AND v.name = x.name AND v.version = x.version`,
    [JSON.stringify(ended), from, revision],
  );
  const begun = steps.flatMap(({ kind, name, begins }) => (begins === undefined ? [] : [{ kind, name, ...begins }]));
  await session.query(
    `INSERT INTO object_version (kind, name, version, valid_from, body, sha256, begun)
     SELECT kind, name, version, $2, canonical, sha256, $3
     FROM jsonb_to_recordset($1::text::jsonb) AS x(kind text, name text, version integer, canonical text, sha256 text)`,
    [JSON.stringify(begun), from, revision],
  );
  return revision;
}
