import { createHash } from 'node:crypto';
import { columnSqlName, columnType, type Kind } from '../catalogue/columns.ts';

/** First 8 bytes of SHA-256 over the kind's name and its columns' names and types, in order. */
export function fingerprintOf(kind: Kind): bigint {
  const text = `${kind.name}\n${kind.columns.map((c) => `${columnSqlName(c)} ${columnType(c)}`).join('\n')}`;
  return createHash('sha256').update(text).digest().readBigUInt64LE(0);
}
