import { FourninesError } from '../../core/runtime/error.ts';
import type { AlertConfig, Receiver, Route } from './config.ts';
import type { Matcher } from './matchers.ts';
import { patternOf } from './pattern.ts';
import type { Silence } from './silence.ts';

const daySeconds = 86_400;
const routesMax = 2_000;
const depthMax = 10;
const receiversMax = 1_000;
const inhibitionsMax = 200;
const matchersMax = 20;
const wordMax = 200;
const silenceSecondsMax = 366 * daySeconds;

/**
 * What is wrong with a configuration, in words for whoever wrote it; none: it may be taken.
 *
 * Refused, beside what is out of its range: a name twice, a receiver that is not there, and one of another tenant, which
 * would be told of alerts that are not its own.
 */
export function configProblems(config: AlertConfig): readonly string[] {
  const problems: string[] = [];
  const { receivers, trees, inhibitions, flapping, limits } = config;
  if (!isWhole(config.version, 1, Number.MAX_SAFE_INTEGER)) problems.push('version must be whole and from 1');
  problems.push(...namesProblems('receiver', receivers, receiversMax));
  problems.push(
    ...repeated(trees.map(({ tenant }) => tenant ?? '')).map((tenant) => `two trees of routes for "${tenant}"`),
  );
  for (const { tenant, root } of trees) {
    const routes = allRoutes(root);
    problems.push(...namesProblems('route', routes, routesMax));
    for (const route of routes) problems.push(...routeProblems(route, tenant, receivers));
    if (depthOf(root) > depthMax) problems.push(`route ${root.name}: nested deeper than ${depthMax}`);
  }
  problems.push(...namesProblems('inhibition', inhibitions, inhibitionsMax));
  for (const { name, sources, targets, equal } of inhibitions) {
    const where = `inhibition ${name}`;
    if (sources.length === 0 || targets.length === 0) problems.push(`${where}: needs sources and targets`);
    if (equal.length > matchersMax) problems.push(`${where}: more than ${matchersMax} equal labels`);
    problems.push(...matchersProblems(where, sources), ...matchersProblems(where, targets));
  }
  const whole = (name: string, value: number, least: number, most: number): void => {
    if (!isWhole(value, least, most)) problems.push(`${name} must be whole, from ${least} to ${most}`);
  };
  if (flapping !== null) {
    whole('flapping.changes', flapping.changes, 2, 50);
    whole('flapping.withinSeconds', flapping.withinSeconds, 1, daySeconds);
    whole('flapping.quietSeconds', flapping.quietSeconds, 1, daySeconds);
  }
  whole('limits.alerts', limits.alerts, 1, 100_000);
  whole('limits.silences', limits.silences, 1, 10_000);
  whole('limits.named', limits.named, 1, 1_000);
  whole('limits.keepSeconds', limits.keepSeconds, 60, 30 * daySeconds);
  return problems;
}

/**
 * What is wrong with a silence, in words for whoever made it; none: it may be taken. One in the past has no problem, and no
 * effect.
 */
export function silenceProblems({ id, matchers, startsAt, endsAt }: Silence): readonly string[] {
  const problems = matchersProblems('silence', matchers);
  if (id === '' || id.length > wordMax) problems.push(`silence: needs an id of 1 to ${wordMax} characters`);
  if (matchers.length === 0) problems.push('silence: needs a matcher, or it would quiet everything');
  if (!isWhole(startsAt, 0, endsAt - 1)) problems.push('silence: must end after it begins, at whole seconds');
  if (endsAt - startsAt > silenceSecondsMax) problems.push('silence: is longer than a year');
  return problems;
}

function routeProblems(route: Route, tenant: string | null, receivers: readonly Receiver[]): string[] {
  const where = `route ${route.name}`;
  const problems = matchersProblems(where, route.matchers);
  const whole = (name: string, value: number | null | undefined, least: number, most: number): void => {
    if (value === undefined || value === null || isWhole(value, least, most)) return;
    problems.push(`${where}: ${name} must be whole, from ${least} to ${most}`);
  };
  // At least a second, so that all that comes within one second is told at once, however much it is.
  whole('groupWaitSeconds', route.groupWaitSeconds, 1, daySeconds);
  whole('groupIntervalSeconds', route.groupIntervalSeconds, 1, daySeconds);
  whole('repeatIntervalSeconds', route.repeatIntervalSeconds, 60, 365 * daySeconds);
  for (const { afterSeconds } of route.escalation ?? []) whole('afterSeconds', afterSeconds, 1, 30 * daySeconds);
  const named = [...(route.receivers ?? []), ...(route.escalation ?? []).flatMap((step) => step.receivers)];
  for (const name of named) {
    const receiver = receivers.find((each) => each.name === name);
    if (receiver === undefined) problems.push(`${where}: there is no receiver ${name}`);
    else if (receiver.tenant !== tenant) {
      problems.push(
        `${where}: receiver ${name} is ${receiver.tenant ?? 'the operator'}'s, the route is ${tenant ?? 'the operator'}'s`,
      );
    }
  }
  return problems;
}

function matchersProblems(where: string, matchers: readonly Matcher[]): string[] {
  const problems: string[] = [];
  if (matchers.length > matchersMax) problems.push(`${where}: more than ${matchersMax} matchers`);
  for (const { label, operator, value } of matchers) {
    if (label === '' || label.length > wordMax) problems.push(`${where}: a matcher names no label`);
    if (operator === '=' || operator === '!=') continue;
    try {
      patternOf(value);
    } catch (error) {
      if (!(error instanceof FourninesError)) throw error;
      problems.push(`${where}: ${error.message}`);
    }
  }
  return problems;
}

function namesProblems(what: string, named: readonly { readonly name: string }[], most: number): string[] {
  const names = named.map(({ name }) => name);
  const problems = repeated(names).map((name) => `two ${what}s are called ${name}`);
  if (names.some((name) => name === '' || name.length > wordMax))
    problems.push(`a ${what} needs a name of 1 to ${wordMax} characters`);
  if (names.length > most) problems.push(`more than ${most} ${what}s`);
  return problems;
}

function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return [...new Set(names.filter((name) => seen.size === seen.add(name).size))];
}

function allRoutes(route: Route): Route[] {
  return [route, ...route.routes.flatMap(allRoutes)];
}

function depthOf(route: Route): number {
  return 1 + Math.max(0, ...route.routes.map(depthOf));
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
