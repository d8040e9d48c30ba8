import { Digits, isList, isMapping, type Plain } from '../openslo/plain.ts';

/** Differences of one object that are told, and characters of each side. */
const differencesMax = 200;
const textMax = 400;

export interface Difference {
  /** Such as spec.objectives[0].target. */
  readonly path: string;
  /** Null: it was not there. */
  readonly before: string | null;
  /** Null: it is not there any more. */
  readonly after: string | null;
}

/** Where two documents differ; a list of plain values is one value. Undefined: there is no document. */
export function differencesOf(before: Plain | undefined, after: Plain | undefined): Difference[] {
  return [...walk('', before, after)].slice(0, differencesMax);
}

function* walk(path: string, before: Plain | undefined, after: Plain | undefined): Generator<Difference> {
  if (isMapping(before) && isMapping(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* walk(path === '' ? key : `${path}.${key}`, before[key], after[key]);
    }
  } else if (isList(before) && isList(after) && [...before, ...after].some(isInner)) {
    for (let i = 0; i < Math.max(before.length, after.length); i++) yield* walk(`${path}[${i}]`, before[i], after[i]);
  } else {
    const [was, is] = [shown(before), shown(after)];
    if (was !== is) yield { path, before: cut(was), after: cut(is) };
  }
}

function isInner(value: Plain): boolean {
  return isList(value) || isMapping(value);
}

function shown(value: Plain | undefined): string | null {
  if (value === undefined) return null;
  if (value instanceof Digits) return value.text;
  if (isList(value)) return `[${value.map(shown).join(', ')}]`;
  if (!isMapping(value)) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, member]) => `${key}: ${shown(member)}`)
    .join(', ')} }`;
}

function cut(text: string | null): string | null {
  return text !== null && text.length > textMax ? `${text.slice(0, textMax)}…` : text;
}
