import type { Finding } from './source-file.ts';

const banned = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager']);
/** The schemas that every route shares; nothing better describes them. */
const allowed = new Set(['server/api/schema/common.ts']);

/** A file called after nothing collects everything. */
export function bannedNames(path: string): Finding[] {
  if (allowed.has(path)) return [];
  const words = path.split('/').map((part) => part.split('.')[0] ?? '');
  return words
    .filter((word) => banned.has(word) || [...banned].some((name) => word.endsWith(`-${name}`)))
    .map((word) => ({ path, line: 1, what: `"${word}" says nothing: name it after its concept` }));
}

// Spelled in parts, so that this file keeps its own rule.
const unfinished = new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|${['X', 'XX'].join('')})\\b`);

export function unfinishedMarks(path: string, text: string): Finding[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      unfinished.test(line) ? [{ path, line: index + 1, what: 'finish it, or describe it where the limits are' }] : [],
    );
}

/** Endings that make something in backticks a file of ours rather than a package, a URL or a setting. */
const fileLike = /^(?!.*[ <>*{}$…])\.?[\w@-][\w./-]*\/[\w./-]*$|^[\w-]+\.(ts|mjs|md|json)$/;
/** First words of repository paths; `/api/v1`, `node:fs` or `a/b` are something else. */
export function namedPaths(text: string, topLevel: ReadonlySet<string>): { name: string; line: number }[] {
  return text.split('\n').flatMap((line, index) =>
    [...line.matchAll(/`([^`]+)`/g)]
      .map((match) => match[1] ?? '')
      .filter((name) => fileLike.test(name) && isOurs(name, topLevel))
      .map((name) => ({ name, line: index + 1 })),
  );
}

function isOurs(name: string, topLevel: ReadonlySet<string>): boolean {
  const [first = ''] = name.split('/');
  return !name.includes('/') || topLevel.has(first);
}

/** Folders that appear only once something has run. */
const made = /^(dist|data|node_modules|\.setup|native\/build|web\/dist)(\/|$)/;

export function missingPaths(
  document: string,
  text: string,
  topLevel: ReadonlySet<string>,
  exists: (path: string) => boolean,
): Finding[] {
  return namedPaths(text, topLevel)
    .filter(({ name }) => !made.test(name) && !exists(name))
    .map(({ name, line }) => ({ path: document, line, what: `${name} does not exist` }));
}
