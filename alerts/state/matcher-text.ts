import type { Matcher } from './matchers.ts';

/** What to say of a text that is none. */
export const matcherHint = 'Write it as severity=critical, or slo=~acme-.*';

const form = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*(.*?)\s*$/s;

/** Reads a matcher as Alertmanager writes them: severity=critical, slo=~"acme-.*". Undefined: it is none. */
export function matcherOf(text: string): Matcher | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const [, label = '', operator = '=', value = ''] = match;
  const quoted = /^"(.*)"$/s.exec(value);
  return { label, operator: operator as Matcher['operator'], value: quoted?.[1] ?? value };
}

/** The text that is read as this matcher. */
export function matcherText({ label, operator, value }: Matcher): string {
  const isPlain = value === value.trim() && !/^".*"$/s.test(value) && !value.startsWith('~');
  return `${label}${operator}${isPlain ? value : `"${value}"`}`;
}
