import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { errorCatalogue } from '../core/runtime/error-catalogue.ts';
import { besideOthers } from './system/beside-others.ts';
import * as code from './tidy/code-rules.ts';
import * as imports from './tidy/import-rules.ts';
import { bannedNames, missingPaths, unfinishedMarks } from './tidy/name-rules.ts';
import { coreLinesMax, type Exceptions, linesOf, longFiles, longFunctions } from './tidy/size-rules.ts';
import { type Finding, parseSource, type SourceFile } from './tidy/source-file.ts';
import { listTree, readText, root } from './tidy/tree.ts';

/** Files over 400 lines, each with its reason. Only to be shortened. */
const longFileExceptions: Exceptions = {
  'core/runtime/error-catalogue.ts': 'a list of what can go wrong',
};

/** Functions over 70 lines (`file#name`), each with its reason. Only to be shortened. */
const longFunctionExceptions: Exceptions = {
  'test/system/store-queries.test.ts#anonymous': 'one fixture with a row of each kind, said row by row',
};

const tree = listTree();
const sources = tree.filter((file) => /\.(ts|tsx|mjs)$/.test(file)).map((file) => parseSource(file, readText(file)));
const written = tree.filter((file) => /\.(ts|tsx|mjs|md|sql|cc|h|css|html|sh|service)$/.test(file));

function lines(findings: readonly Finding[]): string[] {
  return findings.map(({ path: file, line, what }) => `${file}:${line} ${what}`);
}

function check(rule: (file: SourceFile) => Finding[]): string[] {
  return lines(sources.flatMap(rule));
}

describe('who may know whom', () => {
  test('imports follow the direction of the houses', () => expect(check(imports.importDirection)).toEqual([]));
  test('one source never imports another', () => expect(check(imports.siblingImports)).toEqual([]));
  test('pure code imports pure code', () => expect(check(imports.pureImports)).toEqual([]));
  test('pure code has no clock, chance or process', () => expect(check(code.pureCalls)).toEqual([]));
  test('only the entry points touch the process', () => expect(check(code.processEffectsOutside)).toEqual([]));
  test('SQL is in the store only', () => expect(check(code.sqlOutsideStore)).toEqual([]));
});

describe('how files are made', () => {
  test('exports have names', () => expect(check(code.defaultExports)).toEqual([]));
  test('there are no barrels but the lists', () => expect(check(code.barrels)).toEqual([]));
  test('nothing decides on the text of a message', () => expect(check(code.decisionsOnMessages)).toEqual([]));
  test('files are named after a concept', () => expect(lines(tree.flatMap(bannedNames))).toEqual([]));
  test('nothing is marked as unfinished', () => {
    expect(lines(written.flatMap((file) => unfinishedMarks(file, readText(file))))).toEqual([]);
  });
});

describe('sizes', () => {
  test('files stay below 400 lines', () => expect(check((file) => longFiles(file, longFileExceptions))).toEqual([]));
  test('functions stay below 70 lines', () => {
    expect(check((file) => longFunctions(file, longFunctionExceptions))).toEqual([]);
  });
  test('core/ stays small', () => {
    const isList = (file: string) => file === 'core/runtime/error-catalogue.ts';
    const core = sources.filter((file) => file.path.startsWith('core/') && !isList(file.path));
    expect(core.reduce((sum, file) => sum + linesOf(file.text), 0)).toBeLessThanOrEqual(coreLinesMax);
  });
  test('no exception outlives its reason', () => {
    const gone = (file: string): boolean => !tree.includes(file.split('#')[0] ?? '');
    expect(Object.keys({ ...longFileExceptions, ...longFunctionExceptions }).filter(gone)).toEqual([]);
    const needed = new Set(check((file) => [...longFiles(file, {}), ...longFunctions(file, {})]));
    const named = (name: string): boolean => [...needed].some((line) => line.startsWith(name.split('#')[0] ?? ''));
    expect(Object.keys({ ...longFileExceptions, ...longFunctionExceptions }).filter((name) => !named(name))).toEqual(
      [],
    );
  });
});

test('a system test that runs beside others starts nothing of the lab', () => {
  const found = sources.filter((file) => besideOthers.includes(file.path));
  expect(found).toHaveLength(besideOthers.length);
  const ofTheLab = found.flatMap(({ path: file, imports: all }) =>
    all.filter(({ specifier }) => /\/lab\/|\/namespaces\.|\/kafka-/.test(specifier)).map(() => file),
  );
  expect(ofTheLab).toEqual([]);
});

describe('documents', () => {
  const topLevel = new Set(tree.map((file) => file.split('/')[0] ?? ''));
  const names = new Set(tree.map((file) => path.posix.basename(file)));
  // A bare name such as `main.ts` stands for a file of that name anywhere.
  const exists = (name: string): boolean => existsSync(path.join(root, name)) || names.has(name);

  test.each(['ARCHITECTURE.md', 'README.md', 'CONTRIBUTING.md'])('%s names files that are there', (document) => {
    expect(lines(missingPaths(document, readText(document), topLevel, exists))).toEqual([]);
  });

  test('docs/errors.md has the codes of the catalogue, with whether to try again', () => {
    const rows = [...readText('docs/errors.md').matchAll(/^\| `(FN_\w+)` \|.*\| (yes|no) \|$/gm)];
    const documented = rows.map(([, name, retryable]) => [name, retryable]);
    const known = Object.entries(errorCatalogue).map(([name, entry]) => [name, entry.retryable ? 'yes' : 'no']);
    expect(documented).toEqual(known);
  });
});
