/** What a column of a table may be sorted by; null: not known, always last. */
export type Sortable = string | number | bigint | null;

/** Ascending. Numbers of any kind before texts; texts as people count, `eth2` before `eth10`. */
export function compareSortable(a: Sortable | undefined, b: Sortable | undefined): number {
  if (typeof a === 'string' && typeof b === 'string') return collator.compare(a, b);
  if (a === null || a === undefined || b === null || b === undefined) return 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

const collator = new Intl.Collator('en', { numeric: true });
