import type { Kind } from '../../core/catalogue/columns.ts';
import { fingerprintOf } from '../../core/wire/fingerprint.ts';

/**
 * Names of inserts, `log:partition:first-last:table:fingerprint`: the same for the same block whoever sends it and how
 * often, so that the store takes it once.
 */
export class BlockTokens {
  readonly #prefix: string;
  readonly #fingerprints = new Map<Kind, string>();

  constructor(logId: string, partition: number) {
    this.#prefix = `${logId}:${partition}`;
  }

  /** `table`: a kind, or the name of a table that is none. */
  of(range: string, table: Kind | string): string {
    if (typeof table === 'string') return `${this.#prefix}:${range}:${table}`;
    return `${this.#prefix}:${range}:${table.name}:${this.fingerprint(table)}`;
  }

  fingerprint(kind: Kind): string {
    let fingerprint = this.#fingerprints.get(kind);
    if (fingerprint === undefined) {
      fingerprint = fingerprintOf(kind).toString(16);
      this.#fingerprints.set(kind, fingerprint);
    }
    return fingerprint;
  }
}
