import { assert } from '../../core/runtime/error.ts';
import type { ControlStore } from './control-store.ts';

/** Whose a port is, from when to when. */
export interface IdentityMapping {
  readonly portKey: string;
  readonly tenant: string;
  readonly owner: string;
  /** Ms since 1970, inside. */
  readonly validFromMs: number;
  /** Ms since 1970, outside; null: still. */
  readonly validToMs: number | null;
  /** Who says so. */
  readonly witness: string;
}

/** Rejects with FN_CONTROL (23P01) when the port has an owner in a part of that time. */
export async function addMapping(store: ControlStore, mapping: IdentityMapping): Promise<bigint> {
  const { portKey, tenant, owner, validFromMs, validToMs, witness } = mapping;
  const [row] = await store.query(
    `INSERT INTO identity_mapping (port_key, tenant, owner, valid_from_ms, valid_to_ms, witness)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
    [portKey, tenant, owner, validFromMs, validToMs, witness],
  );
  const id = row?.['id'];
  assert(typeof id === 'bigint', 'an insert gives its id');
  return id;
}

/** The owner from `atMs` on is another one, or nobody: ends what is valid now. False: nothing is. */
export async function endMapping(store: ControlStore, portKey: string, atMs: number): Promise<boolean> {
  const rows = await store.query(
    `UPDATE identity_mapping SET valid_to_ms = $2
     WHERE port_key = $1 AND valid_from_ms < $2 AND valid_to_ms IS NULL RETURNING 1`,
    [portKey, atMs],
  );
  return rows.length === 1;
}

/** Whose the port was at that moment; undefined: nobody knows. */
export async function mappingAt(
  store: ControlStore,
  portKey: string,
  atMs: number,
): Promise<IdentityMapping | undefined> {
  const [row] = await store.query(
    `SELECT tenant, owner, valid_from_ms, valid_to_ms, witness FROM identity_mapping
     WHERE port_key = $1 AND valid_from_ms <= $2 AND (valid_to_ms IS NULL OR valid_to_ms > $2)`,
    [portKey, atMs],
  );
  if (row === undefined) return undefined;
  return {
    portKey,
    tenant: String(row['tenant']),
    owner: String(row['owner']),
    validFromMs: Number(row['valid_from_ms']),
    validToMs: row['valid_to_ms'] === null ? null : Number(row['valid_to_ms']),
    witness: String(row['witness']),
  };
}
