import type { Labels } from '../alert.ts';
import { type AlertConfig, type Escalation, type Route, routeDefaults } from './config.ts';
import { groupOf } from './group.ts';
import { labelOf, matchesAll } from './matchers.ts';
import type { Line, LineTerms } from './state.ts';

/** A route with what it has from those above it. */
interface FullRoute {
  readonly name: string;
  readonly receivers: readonly string[];
  readonly groupBy: readonly string[] | 'all';
  readonly groupWaitSeconds: number;
  readonly groupIntervalSeconds: number;
  readonly repeatIntervalSeconds: number | null;
  readonly escalation: readonly Escalation[];
}

/** A line as a route asks for it. */
export type AskedLine = Pick<Line, 'key' | 'tenant' | 'route' | 'group' | 'receiver' | 'terms'>;

/**
 * Where an alert with these labels goes. Each receiver once: by the first route that names it among its own receivers, or else
 * among those of its escalation.
 */
export function linesFor(config: AlertConfig, labels: Labels): readonly AskedLine[] {
  const asked = config.trees
    .filter(({ tenant }) => tenant === null || tenant === labelOf(labels, 'tenant'))
    .flatMap(({ tenant, root }) =>
      matching(root, rootAbove, labels).flatMap((route) => linesOf(route, tenant, labels)),
    );
  const first = asked.filter(({ terms }) => terms.escalates === null);
  const later = asked.filter(({ terms }) => terms.escalates !== null);
  const seen = new Set<string>();
  return [...first, ...later]
    .filter(({ receiver }) => seen.size < seen.add(receiver).size)
    .map((line) => ({ ...line, terms: termsFor(config, line.receiver, line.terms) }));
}

/** A receiver that groups by itself waits for nobody: a second, so that what comes within it is told at once. */
function termsFor({ receivers }: AlertConfig, name: string, terms: LineTerms): LineTerms {
  const groupsItself = receivers.find((receiver) => receiver.name === name)?.groupsItself;
  if (groupsItself === undefined) return terms;
  return { ...terms, groupsItself, waitSeconds: 1, intervalSeconds: 1, repeatSeconds: null };
}

const rootAbove: FullRoute = { name: '', ...routeDefaults };

/**
 * As Alertmanager does it: the deepest that match, in order; the first of its level that took it is the last, unless it says
 * `continue`; a route whose children do not take it takes it itself.
 */
function matching(route: Route, above: FullRoute, labels: Labels): readonly FullRoute[] {
  if (!matchesAll(route.matchers, labels)) return [];
  const full = fullRoute(route, above);
  const found: FullRoute[] = [];
  for (const child of route.routes) {
    const taken = matching(child, full, labels);
    found.push(...taken);
    if (taken.length > 0 && !child.continue) break;
  }
  return found.length > 0 ? found : [full];
}

function fullRoute(route: Route, above: FullRoute): FullRoute {
  const { repeatIntervalSeconds } = route;
  return {
    name: route.name,
    receivers: route.receivers ?? above.receivers,
    groupBy: route.groupBy ?? above.groupBy,
    groupWaitSeconds: route.groupWaitSeconds ?? above.groupWaitSeconds,
    groupIntervalSeconds: route.groupIntervalSeconds ?? above.groupIntervalSeconds,
    repeatIntervalSeconds: repeatIntervalSeconds === undefined ? above.repeatIntervalSeconds : repeatIntervalSeconds,
    escalation: route.escalation ?? above.escalation,
  };
}

function linesOf(route: FullRoute, tenant: string | null, labels: Labels): AskedLine[] {
  const group = groupOf({ tenant, route: route.name, groupBy: route.groupBy }, labels);
  return termsOf(route).map(({ receiver, terms }) => {
    return { key: JSON.stringify([group.key, receiver]), tenant, route: route.name, group, receiver, terms };
  });
}

function termsOf(route: FullRoute): { readonly receiver: string; readonly terms: LineTerms }[] {
  const { receivers, escalation } = route;
  const terms: LineTerms = {
    waitSeconds: route.groupWaitSeconds,
    intervalSeconds: route.groupIntervalSeconds,
    repeatSeconds: route.repeatIntervalSeconds,
    escalates: null,
  };
  const own = receivers.map((receiver) => ({ receiver, terms }));
  const later = [...escalation]
    .sort((a, b) => a.afterSeconds - b.afterSeconds)
    .flatMap(({ afterSeconds, receivers: more }) =>
      more.map((receiver) => ({ receiver, terms: { ...terms, escalates: { from: receivers, afterSeconds } } })),
    );
  return [...own, ...later];
}

/** The terms of each receiver of each route that there is, by tree, route and receiver. */
export function presentTerms(config: AlertConfig): (line: Line) => LineTerms | undefined {
  const known = new Map<string, LineTerms>();
  const keyOf = (tenant: string | null, route: string, receiver: string) => JSON.stringify([tenant, route, receiver]);
  const walk = (tenant: string | null, route: Route, above: FullRoute): void => {
    const full = fullRoute(route, above);
    for (const { receiver, terms } of termsOf(full)) {
      const key = keyOf(tenant, route.name, receiver);
      if (!known.has(key)) known.set(key, termsFor(config, receiver, terms));
    }
    for (const child of route.routes) walk(tenant, child, full);
  };
  for (const { tenant, root } of config.trees) walk(tenant, root, rootAbove);
  return ({ tenant, route, receiver }) => known.get(keyOf(tenant, route, receiver));
}
