import { severities } from '../../alerts/alert.ts';
import { matcherHint, matcherOf } from '../../alerts/state/matcher-text.ts';
import { type Matcher, matchesAll } from '../../alerts/state/matchers.ts';
import { patternOf } from '../../alerts/state/pattern.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { parseInstant } from '../slo/instant.ts';
import { alertNames } from './alert-of-change.ts';

export interface Mistake {
  /** The key that is wrong. */
  readonly where: string;
  readonly problem: string;
}

/** Values that no rule of ours has in mind: what takes all of them takes whatever comes. */
const strangers = ['0', 'a', 'Zz', 'x-1.y_2', '~ ', '\u00e9', 'f'.repeat(32)];
/** What labels of alerts may be; no alert has another label, which is the same as an empty one. */
const known: Readonly<Record<string, readonly string[]>> = {
  severity: severities,
  alertname: Object.values(alertNames),
  service: strangers,
  slo: strangers,
  breach: strangers,
  tenant: ['', ...strangers],
};
const yearSeconds = 366 * 86_400;

/** Reads matchers of a silence; what is wrong is added to `mistakes`. */
export function readMatchers(texts: readonly string[], mistakes: Mistake[]): readonly Matcher[] {
  const matchers = texts.flatMap((text, i) => {
    const matcher = matcherOf(text);
    const problem = matcher === undefined ? `is no matcher: ${matcherHint}` : patternProblem(matcher);
    if (problem !== undefined) mistakes.push({ where: `matchers[${i}]`, problem });
    return matcher === undefined || problem !== undefined ? [] : [matcher];
  });
  if (texts.length === 0) mistakes.push({ where: 'matchers', problem: 'is empty: nobody is spared everything' });
  else if (matchers.length === texts.length && matchers.every(takesWhateverComes)) {
    mistakes.push({ where: 'matchers', problem: 'would match whatever comes: name what is to be quiet' });
  }
  return matchers;
}

/** Reads the time of a silence, unix seconds; what is wrong is added to `mistakes`. */
export function readTime(
  { startsAt, endsAt }: { readonly startsAt?: string | undefined; readonly endsAt: string },
  now: number,
  mistakes: Mistake[],
): { readonly from: number; readonly to: number } {
  const read = (where: 'startsAt' | 'endsAt', text: string): number => {
    const instant = parseInstant(text);
    if (instant?.whole === true) return instant.second;
    mistakes.push({ where, problem: 'is no whole second in UTC, such as 2026-11-30T17:00:00Z' });
    return Number.NaN;
  };
  const from = startsAt === undefined ? now : read('startsAt', startsAt);
  const to = read('endsAt', endsAt);
  if (to <= now) mistakes.push({ where: 'endsAt', problem: 'has passed: such a silence would quiet nothing' });
  else if (to <= from) mistakes.push({ where: 'endsAt', problem: 'must be after startsAt' });
  if (to - from > yearSeconds) mistakes.push({ where: 'endsAt', problem: 'is more than a year after startsAt' });
  return { from, to };
}

/** As Alertmanager has it, a matcher that takes what nobody named says nothing; alone, such ones would quiet everything. */
function takesWhateverComes(matcher: Matcher): boolean {
  const values = Object.hasOwn(known, matcher.label) ? (known[matcher.label] ?? []) : [''];
  return values.every((value) => matchesAll([matcher], { [matcher.label]: value }));
}

function patternProblem({ operator, value }: Matcher): string | undefined {
  if (operator === '=' || operator === '!=') return undefined;
  try {
    patternOf(value);
    return undefined;
  } catch (error) {
    if (error instanceof FourninesError) return error.message;
    throw error;
  }
}
