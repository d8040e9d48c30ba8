import { type Cause, causes } from '../../../../core/catalogue/causes.ts';

/** What a cause means, beside its name; null: a cause of a younger server. */
export function causeWords(name: string): string | null {
  return Object.hasOwn(causes, name) ? causes[name as Cause] : null;
}
