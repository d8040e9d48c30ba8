import { describe, expect, test } from 'vitest';
import * as code from './code-rules.ts';
import * as imports from './import-rules.ts';
import { bannedNames, missingPaths, namedPaths, unfinishedMarks } from './name-rules.ts';
import { longFiles, longFunctions } from './size-rules.ts';
import { type Finding, parseSource, type SourceFile } from './source-file.ts';

type Rule = (file: SourceFile) => Finding[];

/** A rule must find each bad example, and nothing in the good ones: [path, text]. */
function bites(rule: Rule, bad: readonly [string, string][], good: readonly [string, string][]): void {
  test.each(bad)('finds it in %s: %s', (path, text) => expect(rule(parseSource(path, text))).not.toEqual([]));
  test.each(good)('leaves %s alone: %s', (path, text) => expect(rule(parseSource(path, text))).toEqual([]));
}

describe('import direction', () => {
  bites(
    imports.importDirection,
    [
      ['core/wire/a.ts', "import { x } from '../../collector/x.ts';"],
      ['native/index.ts', "import { x } from '../server/x.ts';"],
      ['collector/agent.ts', "import { x } from '../server/x.ts';"],
      ['collector/agent.ts', "import { x } from '../native/facade.ts';"],
      ['collector/agent.ts', "import type { x } from '../native/other.ts';"],
      ['server/a.ts', "import { x } from '../collector/x.ts';"],
      ['server/a.ts', "import { x } from '../test/x.ts';"],
      ['server/a.ts', "export { x } from '../cli/x.ts';"],
      ['server/a.ts', "const x = await import('../collector/x.ts');"],
      ['server/a.ts', "type X = import('../collector/x.ts').X;"],
      ['alerts/state.ts', "import { x } from '../server/x.ts';"],
      ['bus/kafka/sink.ts', "import { x } from '../../server/x.ts';"],
      ['bus/kafka/sink.ts', "import type { x } from '../../collector/x.ts';"],
      ['collector/agent.ts', "import { x } from '../bus/kafka/sink.ts';"],
      ['server/ingest/a.ts', "import { x } from '../../bus/kafka/source.ts';"],
      ['core/bus/a.ts', "import { x } from '../../bus/kafka/link.ts';"],
      ['web/src/a.tsx', "import { x } from '../../server/api/schema/hosts.ts';"],
      ['web/src/a.tsx', "import { type X } from '../../server/api/schema/hosts.ts';"],
      ['web/src/a.tsx', "import type { X } from '../../server/store/rows.ts';"],
      ['web/src/a.tsx', "import { Health } from '../../server/api/schema/health.ts';"],
      ['cli/main.ts', "import { x } from '../test/x.ts';"],
      ['cli/main.ts', "import { x } from '../bench/x.ts';"],
    ],
    [
      ['core/wire/a.ts', "import { x } from '../runtime/error.ts';"],
      ['collector/agent.ts', "import type { Native } from '../native/facade.ts';"],
      ['collector/sources/kernel/source.ts', "import { x } from '../../../native/facade.ts';"],
      ['collector/main.ts', "import { x } from '../native/facade.ts';"],
      ['bus/kafka/sink.ts', "import { x } from '../../core/bus/log.ts'; import { y } from './link.ts';"],
      ['collector/app.ts', "import { x } from '../bus/kafka/sink.ts';"],
      ['server/app.ts', "import { x } from '../bus/kafka/source.ts';"],
      ['server/app.ts', "import { x } from '../alerts/state.ts'; import fastify from 'fastify';"],
      ['web/src/a.tsx', "import type { X } from '../../server/api/schema/hosts.ts';"],
      ['web/src/a.tsx', "import { useState } from 'react'; const a = <p>don't import '../../server/x.ts'</p>;"],
      ['cli/main.ts', "import { x } from '../server/main.ts'; import { y } from '../collector/main.ts';"],
      ['test/unit/a.test.ts', "import { x } from '../../server/x.ts';"],
      [
        'server/a.ts',
        "// import { x } from '../collector/x.ts';\nconst text = \"import { x } from '../collector/x.ts'\";",
      ],
    ],
  );
});

describe('siblings', () => {
  bites(
    imports.siblingImports,
    [['collector/sources/kernel/source.ts', "import { x } from '../thread/parse.ts';"]],
    [
      ['collector/sources/kernel/source.ts', "import { x } from './parse.ts'; import { y } from '../../source.ts';"],
      ['collector/sources/index.ts', "import { x } from './thread/source.ts';"],
    ],
  );
});

describe('pure imports', () => {
  bites(
    imports.pureImports,
    [
      ['core/catalogue/kinds.ts', "import { readFileSync } from 'node:fs';"],
      ['core/catalogue/kinds.ts', "import { crc32 } from 'node:zlib';"],
      ['core/wire/message.ts', "import { systemClock } from '../runtime/clock.ts';"],
      ['core/wire/message.ts', "import { x } from 'node:net';"],
      ['collector/slot.ts', "import { x } from './agent.ts';"],
      ['server/sli/loss.ts', "import pino from 'pino';"],
      ['server/sli/deep/loss.ts', "import { spawn } from 'node:child_process';"],
      ['web/src/features/fleet/model.ts', "import { useQuery } from '@tanstack/react-query';"],
      ['web/src/charts/gaps.ts', "import uPlot from 'uplot';"],
    ],
    [
      ['core/wire/message.ts', "import { crc32 } from 'node:zlib'; import { assert } from '../runtime/error.ts';"],
      ['collector/slot.ts', "import { kinds } from '../core/catalogue/kinds.ts'; import type { X } from './agent.ts';"],
      ['web/src/charts/chart.tsx', "import uPlot from 'uplot';"],
      ['server/app.ts', "import { readFileSync } from 'node:fs';"],
    ],
  );
});

describe('pure calls', () => {
  bites(
    code.pureCalls,
    [
      ['core/catalogue/kinds.ts', 'const t = Date.now();'],
      ['core/wire/a.ts', 'const t = new Date();'],
      ['collector/slot.ts', 'const r = Math.random();'],
      ['server/sli/loss.ts', "const level = process.env['LEVEL'];"],
      ['server/sli/loss.ts', 'const t = process.hrtime.bigint();'],
      ['server/sli/loss.ts', 'const clock = Date.now;'],
      ['web/src/features/fleet/model.ts', 'const t = performance.now();'],
    ],
    [
      ['core/catalogue/kinds.ts', '// Date.now is banned here\nconst text = "Math.random()";'],
      ['server/sli/loss.ts', 'const month = (ms: number) => new Date(ms).getUTCMonth();'],
      ['collector/agent.ts', 'const t = Date.now();'],
    ],
  );
});

describe('process effects', () => {
  bites(
    code.processEffectsOutside,
    [
      ['server/app.ts', "const x = process.env['X'];"],
      ['collector/agent.ts', 'process.exit(1);'],
      ['server/app.ts', "process.on('SIGTERM', stop);"],
      ['core/runtime/lifecycle.ts', "process['exit'](1);"],
    ],
    [
      ['server/main.ts', "process.on('SIGTERM', stop); process.exit(0);"],
      ['cli/verbs/up.ts', "const x = process.env['X'];"],
      ['server/store/embedded/child.ts', 'process.exit(1);'],
      ['collector/agent.ts', 'const t = process.hrtime.bigint(); other.process.exit;'],
    ],
  );
});

describe('SQL', () => {
  bites(
    code.sqlOutsideStore,
    [
      ['server/api/routes/a.ts', "const sql = 'SELECT 1 FROM t';"],
      ['server/app.ts', 'const sql = `INSERT INTO t VALUES (1)`;'],
      ['cli/main.ts', 'const sql = "CREATE TABLE t (a Int8)";'],
    ],
    [
      ['server/store/queries/a.ts', "const sql = 'SELECT 1';"],
      ['server/app.ts', "// SELECT 1 FROM t\nconst text = 'Select a port';"],
    ],
  );
});

describe('exports', () => {
  bites(
    code.defaultExports,
    [['server/app.ts', 'export default function app() {}']],
    [
      ['vitest.config.ts', 'export default {};'],
      ['web/vite.config.ts', 'export default {};'],
      ['server/app.ts', 'export function app() {}'],
    ],
  );
  bites(
    code.barrels,
    [
      ['server/index.ts', 'export const x = 1;'],
      ['server/store/all.ts', "export * from './rows.ts';"],
    ],
    [['collector/sources/index.ts', 'export const sources = [];']],
  );
});

describe('decisions on messages', () => {
  bites(
    code.decisionsOnMessages,
    [
      ['server/a.ts', "if (error.message.includes('socket hang up')) retry();"],
      ['server/a.ts', 'if (error.message.match(/gone/)) retry();'],
      ['server/a.ts', "if (err?.message?.startsWith('E')) retry();"],
      ['server/a.ts', 'if (/gone/.test(cause.message)) retry();'],
      ['test/unit/a.test.ts', "if (error.message === 'gone') retry();"],
    ],
    [
      ['server/a.ts', "log.warn({ message: error.message }); if (error.code === 'FN_STORE') retry();"],
      ['server/a.ts', "if (line.message.includes('x')) show();"],
    ],
  );
});

describe('sizes', () => {
  const long = (count: number): string => `function grow() {\n${'  step();\n'.repeat(count)}}\n`;
  bites((file) => longFiles(file, {}), [['a.ts', 'x();\n'.repeat(401)]], [['a.ts', 'x();\n'.repeat(400)]]);
  bites(
    (file) => longFunctions(file, {}),
    [
      ['a.ts', long(69)],
      ['a.test.ts', `test('a', () => {\n${'  step();\n'.repeat(90)}});`],
      ['a.ts', `const grow = () => ${long(69).replace('function grow() ', '')}`],
      ['a.ts', `class A { grow() ${long(69).replace('function grow() ', '')} }`],
    ],
    [
      ['a.ts', long(68)],
      ['a.ts', `function columns() { return [\n${'  one,\n'.repeat(90)}]; }`],
      ['a.test.ts', `describe.each([1])('a', () => {\n${'  step();\n'.repeat(90)}});`],
      ['a.ts', `export function contract() { test('a', () => {});\n${'  step();\n'.repeat(90)}}`],
      ['a.test.ts', `describe('a', () => {\n${'  step();\n'.repeat(90)}});`],
    ],
  );
  test('an exception needs the exact name', () => {
    const file = parseSource('a.ts', long(90));
    expect(longFunctions(file, { 'a.ts#grow': 'a list' })).toEqual([]);
    expect(longFunctions(file, { 'a.ts#shrink': 'a list' })).toHaveLength(1);
  });
});

describe('names and documents', () => {
  test.each([
    'server/utils.ts',
    'collector/helpers/a.ts',
    'core/common.ts',
    'web/src/port-manager.tsx',
    'test/misc/a.test.ts',
  ])('%s has a name that says nothing', (path) => expect(bannedNames(path)).toHaveLength(1));
  test.each(['server/api/schema/common.ts', 'server/store/commonality.ts', 'collector/slot.ts'])(
    '%s is a name',
    (path) => expect(bannedNames(path)).toEqual([]),
  );
  test('a mark of unfinished work is found with its line', () => {
    const mark = ['TO', 'DO'].join('');
    expect(unfinishedMarks('a.ts', `x();\n// ${mark}: later\n`)).toMatchObject([{ line: 2 }]);
    expect(unfinishedMarks('a.ts', 'const mastodon = 1;')).toEqual([]);
  });

  const topLevel = new Set(['core', 'collector', 'package.json', 'docs']);
  test('a document that names a file which is gone is found', () => {
    const exists = (name: string): boolean => name === 'core/wire/' || name === 'package.json';
    const text = 'See `core/wire/`, `package.json`,\n`core/gone.ts` and `dist/cli/main.js`, `data/`.';
    expect(missingPaths('README.md', text, topLevel, exists)).toMatchObject([
      { line: 2, what: 'core/gone.ts does not exist' },
    ]);
  });
  test('what is no path of ours is not taken for one', () => {
    const text =
      '`/api/v1/health` `node:fs` `npm run x` `@clickhouse/client` `other/thing.ts` `docs/<name>.md` `a.b` `9.9`';
    expect(namedPaths(text, topLevel)).toEqual([]);
  });
});
