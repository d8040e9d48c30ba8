import type { Labels } from '../alert.ts';
import type { Inhibition } from './config.ts';
import { labelOf, matchesAll } from './matchers.ts';
import type { AlertRecord } from './state.ts';

/**
 * What an alert hides while it fires, and what hides it. A key of one that is among the keys of another: the first hides the
 * second.
 */
export interface InhibitionKeys {
  readonly hides: readonly string[];
  readonly hiddenBy: readonly string[];
}

/**
 * The keys of an alert with these labels: rule, whether the source is no target of the same rule, and the values of `equal`.
 *
 * As in Alertmanager, what is source and target of one rule is not hidden by another that is both, so that no two hide each
 * other. Otherwise than there, a label of `equal` that neither has makes nothing equal.
 */
export function inhibitionKeys(inhibitions: readonly Inhibition[], labels: Labels): InhibitionKeys {
  const hides: string[] = [];
  const hiddenBy: string[] = [];
  for (const { name, sources, targets, equal } of inhibitions) {
    const values = equal.map((label) => labelOf(labels, label));
    if (values.includes('')) continue;
    const isSource = matchesAll(sources, labels);
    const isTarget = matchesAll(targets, labels);
    const key = (kind: 'source' | 'both') => JSON.stringify([name, kind, ...values]);
    if (isSource) hides.push(key(isTarget ? 'both' : 'source'));
    if (isTarget) hiddenBy.push(key('source'));
    if (isTarget && !isSource) hiddenBy.push(key('both'));
  }
  return { hides, hiddenBy };
}

/**
 * What is hidden now, by whose routes are asked. A tenant is spared an alert only for the sake of one that the tenant sees,
 * too: behind a host's alert that is the operator's alone, a tenant would hear of nothing at all.
 */
export class Hidden {
  readonly #active = new Map<string | null, Set<string>>();

  /** `record` fires, or fired when that was last known. */
  add(record: AlertRecord): void {
    if (record.hides.length === 0) return;
    const tenant = labelOf(record.alert.labels, 'tenant');
    for (const viewer of tenant === '' ? [null] : [null, tenant]) {
      const keys = this.#active.get(viewer) ?? new Set<string>();
      for (const key of record.hides) keys.add(key);
      this.#active.set(viewer, keys);
    }
  }

  isHidden({ hiddenBy }: AlertRecord, viewer: string | null): boolean {
    if (hiddenBy.length === 0) return false;
    const keys = this.#active.get(viewer);
    return keys !== undefined && hiddenBy.some((key) => keys.has(key));
  }
}
