import type { Alert, Labels } from '../alert.ts';
import { type Pattern, patternMatches, patternOf } from './pattern.ts';

/** As Alertmanager writes them: equal, not equal, the pattern covers the whole value, it does not. */
export const matcherOperators = ['=', '!=', '=~', '!~'] as const;

export interface Matcher {
  readonly label: string;
  readonly operator: (typeof matcherOperators)[number];
  readonly value: string;
}

/** What matchers and groups see of an alert: its labels, and its present severity as the label `severity`. */
export function seenLabels({ labels, severity }: Alert): Labels {
  return { ...labels, severity };
}

/** A label that is not there is the same as an empty one. */
export function labelOf(labels: Labels, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

/** All of them; none matches everything. */
export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matches(matcher, labelOf(labels, matcher.label)));
}

function matches(matcher: Matcher, value: string): boolean {
  switch (matcher.operator) {
    case '=':
      return value === matcher.value;
    case '!=':
      return value !== matcher.value;
    case '=~':
      return patternMatches(compiled(matcher), value);
    case '!~':
      return !patternMatches(compiled(matcher), value);
  }
}

/** A pattern is read once as long as its matcher is there. Nothing but speed depends on it. */
const patterns = new WeakMap<Matcher, Pattern>();

function compiled(matcher: Matcher): Pattern {
  const known = patterns.get(matcher);
  if (known !== undefined) return known;
  const pattern = patternOf(matcher.value);
  patterns.set(matcher, pattern);
  return pattern;
}
