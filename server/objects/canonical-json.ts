import { createHash } from 'node:crypto';
import { assert } from '../../core/runtime/error.ts';

/**
 * JSON in the one form of RFC 8785: no blanks, keys sorted by their UTF-16 units. Numbers are whole and below 2^53, so that
 * their form is not a matter of floats; keys whose value is undefined are left out, as JSON does.
 *
 * Example: { b: [1, null], a: 'x' } is {"a":"x","b":[1,null]}.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    assert(Number.isSafeInteger(value), 'a number of a canonical form is whole');
    return String(value === 0 ? 0 : value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  assert(typeof value === 'object', 'what has a canonical form is JSON');
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}

export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
