import { createHash } from 'node:crypto';
import type { Labels } from './alert.ts';

/** SHA-256 of a text in UTF-8, 64 hex digits. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * What makes an alert the same from its first change to its last: the hash of its labels in the form of RFC 8785 (keys sorted
 * by their UTF-16 units, JSON strings). A label without a value is the same as none. Quotes and escapes keep names and values
 * apart, so that no separator in one of them makes two sets of labels alike.
 *
 * Example: { port: 'p1', host: 'a' } and { host: 'a', port: 'p1', zone: '' } are both hashed as {"host":"a","port":"p1"}.
 */
export function fingerprintOf(labels: Labels): string {
  const members = Object.entries(labels).filter(([, value]) => value !== '');
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return hashOf(`{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`);
}
