import type { Labels } from '../alert.ts';
import { labelOf } from './matchers.ts';

export interface Group {
  readonly key: string;
  readonly labels: Labels;
}

/**
 * The group of an alert at a route. Its key is JSON, so that no value can be made to look like another group's.
 *
 * Example: route "ports" of tenant t1 by host: ["t1","ports",["host","a"]].
 */
export function groupOf(
  {
    tenant,
    route,
    groupBy,
  }: { readonly tenant: string | null; readonly route: string; readonly groupBy: readonly string[] | 'all' },
  labels: Labels,
): Group {
  // All labels are those of its identity: a group for each alert that stays when its severity changes.
  const names = groupBy === 'all' ? Object.keys(labels).filter((name) => name !== 'severity') : groupBy;
  const pairs = [...new Set(names)]
    .sort()
    .map((name) => [name, labelOf(labels, name)] as const)
    .filter(([, value]) => value !== '');
  return { key: JSON.stringify([tenant, route, ...pairs]), labels: Object.fromEntries(pairs) };
}
