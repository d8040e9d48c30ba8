import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** build.mjs in a tree of its own, with a compiler that runs `script` for each compilation. */
function aBuild(script: string): (ci: boolean) => readonly [status: number | null, output: string] {
  const folder = mkdtempSync(join(tmpdir(), 'fn-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'native', 'src'), { recursive: true });
  cpSync(join(root, 'native', 'build.mjs'), join(folder, 'native', 'build.mjs'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const compiler = join(folder, 'c++');
  writeFileSync(compiler, `#!/bin/sh\n[ "$1" = --version ] && echo 1 && exit 0\n${script}\n`);
  chmodSync(compiler, 0o755);
  return (ci) => {
    const env = { ...process.env, CXX: compiler, CI: String(ci) };
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'native', 'build.mjs')], {
      encoding: 'utf8',
      env,
    });
    return [status, `${stdout}${stderr}`];
  };
}

// The last argument is the library.
const writesLibrary = 'for last; do :; done; : > "$last"';
const warns = `echo 'warning: new in this compiler' >&2; case " $* " in *' -Werror '*) exit 1;; esac; ${writesLibrary}`;

it.skipIf(process.platform !== 'linux')('builds without -Werror where a compiler warns, and says so', () => {
  const build = aBuild(warns);
  const [status, output] = build(false);
  expect(status).toBe(0);
  expect(output).toContain('without -Werror');
  expect(output).toContain('new in this compiler');
  expect(build(false)).toEqual([0, 'The native addon is up to date.\n']);
});

it.skipIf(process.platform !== 'linux')('takes warnings for errors in CI, even where it was built without', () => {
  const build = aBuild(warns);
  build(false);
  const [status, output] = build(true);
  expect([status, output]).toEqual([1, expect.stringContaining('new in this compiler')]);
});

it.skipIf(process.platform !== 'linux')('says what the compiler said when it refuses the sources either way', () => {
  const [status, output] = aBuild('echo refused >&2; exit 1')(false);
  expect([status, output]).toEqual([1, 'The native addon did not compile:\nrefused\n']);
  expect(aBuild(writesLibrary)(false)).toEqual([0, 'The native addon is built.\n']);
});
