import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const bin = path.join(root, 'bin', 'fournines.mjs');
/** The first word of a stub that stands for the command line. */
const readyLine = 'ready';

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Makes this Node look like another one; a Node that it starts is not touched. */
function disguise(property: 'versions' | 'platform', expression: string): string[] {
  const source = `Object.defineProperty(process, '${property}', { value: ${expression} });`;
  return ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
}

const olderNode = (version: string): string[] => disguise('versions', `{ ...process.versions, node: '${version}' }`);

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): { child: ChildProcess; done: Promise<Outcome> } {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  child.once('error', reject);
  child.once('close', (code) => resolve({ code, output }));
  return { child, done: promise };
}

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> => start(args, env).done;

async function temporaryFolder(): Promise<string> {
  // A blank in the name, because checkouts have them too.
  const folder = await mkdtemp(path.join(await realpath(os.tmpdir()), 'fournines setup '));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A checkout with the real bin/ and a command line of our own. */
async function checkoutWith(mainSource: string): Promise<string> {
  const folder = await temporaryFolder();
  await cp(path.join(root, 'bin'), path.join(folder, 'bin'), { recursive: true });
  await mkdir(path.join(folder, 'cli'));
  await writeFile(path.join(folder, 'cli', 'main.ts'), mainSource);
  return folder;
}

async function installNode(folder: string): Promise<void> {
  await mkdir(path.join(folder, 'node_modules', 'node', 'bin'), { recursive: true });
  await symlink(process.execPath, path.join(folder, 'node_modules', 'node', 'bin', 'node'));
  await writeFile(path.join(folder, 'node_modules', '.package-lock.json'), '{}');
}

describe('the command', () => {
  test('answers --help', async () => {
    const { code, output } = await run([bin, '--help']);
    expect(output).toContain('fournines');
    expect(code).toBe(0);
  });

  test('runs on the Node of the dependencies when an older one started it', async () => {
    const folder = await checkoutWith("console.log(process.versions.node, process.argv.slice(2).join('|'));");
    await installNode(folder);
    const { code, output } = await run([
      ...olderNode('20.1.0'),
      path.join(folder, 'bin', 'fournines.mjs'),
      'a b',
      '--c',
    ]);
    expect(output.trim()).toBe(`${process.versions.node} a b|--c`);
    expect(code).toBe(0);
  });

  test('passes signals to that Node and gives back its exit code', async () => {
    const folder = await checkoutWith(
      `process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); console.log('${readyLine}');`,
    );
    await installNode(folder);
    const { child, done } = start([...olderNode('20.1.0'), path.join(folder, 'bin', 'fournines.mjs')]);
    child.stdout?.on('data', (text: string) => {
      if (text.includes(readyLine)) child.kill('SIGTERM');
    });
    expect((await done).code).toBe(7);
  });

  test('says so when set-up has not been run', async () => {
    const folder = await checkoutWith('');
    const { code, output } = await run([path.join(folder, 'bin', 'fournines.mjs'), 'doctor']);
    expect(output).toContain('not set up yet');
    expect(code).toBe(3);
  });

  test('says how to mend a Node that was not installed', async () => {
    const folder = await checkoutWith('');
    await installNode(folder);
    await rm(path.join(folder, 'node_modules', 'node'), { recursive: true });
    const { code, output } = await run([...olderNode('18.1.0'), path.join(folder, 'bin', 'fournines.mjs')]);
    expect(output).toContain('npm rebuild node');
    expect(code).toBe(3);
  });
});

describe('set-up', () => {
  const setup = path.join(root, 'setup.mjs');

  test('refuses another system than Linux', async () => {
    const { code, output } = await run([...disguise('platform', "'darwin'"), setup, 'start']);
    expect(output).toContain('Linux only; this is darwin');
    expect(code).toBe(3);
  });

  test('refuses a Node that is too old', async () => {
    const { code, output } = await run([...olderNode('16.20.0'), setup, 'start']);
    expect(output).toContain('this is Node 16.20.0');
    expect(code).toBe(3);
  });

  test('shows its usage for an unknown word', async () => {
    const { code, output } = await run([setup, 'stat']);
    expect(output).toContain('start|test|build');
    expect(code).toBe(2);
  });

  test('goes on without a compiler, and says how to get one', async () => {
    const build = path.join(root, 'native', 'build.mjs');
    const { code, output } = await run([build, '--force'], { CXX: '/nonexistent', PATH: '/nonexistent' });
    expect(output).toContain('g++');
    expect(code).toBe(3);
  });
});

describe('one set-up at a time', () => {
  interface LockModule {
    takeLock(file: string, onWait: (pid: string) => void): Promise<() => void>;
  }
  const moduleUrl = new URL('../../setup/lock.mjs', import.meta.url).href;
  const load = async (): Promise<LockModule> => (await import(moduleUrl)) as LockModule;
  const never = (pid: string): void => {
    throw new Error(`waited for ${pid}`);
  };

  test.each([
    ['a process that is gone', '4194303 1'],
    ['another process with the same number', `${process.pid} 1`],
    ['nobody', ''],
  ])('a lock left by %s is taken over', async (_whose, content) => {
    const { takeLock } = await load();
    const file = path.join(await temporaryFolder(), 'lock');
    await writeFile(file, content);
    const release = await takeLock(file, never);
    expect((await readFile(file, 'utf8')).split(' ')[0]).toBe(String(process.pid));
    release();
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('the second waits until the first is done', async () => {
    const { takeLock } = await load();
    const file = path.join(await temporaryFolder(), 'lock');
    const releaseFirst = await takeLock(file, never);
    const told = Promise.withResolvers<string>();
    let isSecondIn = false;
    const second = takeLock(file, told.resolve).then((release) => {
      isSecondIn = true;
      release();
    });
    expect(await told.promise).toBe(String(process.pid));
    expect(isSecondIn).toBe(false);
    releaseFirst();
    await second;
    expect(isSecondIn).toBe(true);
  });
});

describe('counting', () => {
  const sample = `import { describe, expect, test } from 'vitest';
    test('good', () => {});
    test('bad', () => expect(1).toBe(2));
    test('absent', ({ skip }) => skip('no such card here'));
    test.todo('later');
    describe('broken set-up', () => { beforeAll(() => { throw new Error('x'); }); test('never runs', () => {}); });`;
  const config = `import { CountReporter } from '${path.join(root, 'test', 'reporter.ts')}';
    export default { test: { globals: true, reporters: [new CountReporter()] } };`;

  /** Inside the checkout, where the runner is found; the folder is one that git does not see. */
  async function countSample(ci: string): Promise<Outcome> {
    await mkdir(path.join(root, '.setup'), { recursive: true });
    const folder = await mkdtemp(path.join(root, '.setup', 'sample-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await writeFile(path.join(folder, 'vitest.config.ts'), config);
    await writeFile(path.join(folder, 'a.test.ts'), sample);
    await writeFile(path.join(folder, 'unloadable.test.ts'), "import './not-there.ts';");
    const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const { FOURNINES_TEST_COUNTS: _, ...env } = process.env;
    const child = spawn(process.execPath, [vitest, 'run', '--root', folder], {
      env: { ...env, CI: ci },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    child.once('close', (code) => resolve({ code, output }));
    return promise;
  }

  test('failures outside of tests count, skips have their reason, the count is the last line', async () => {
    const { code, output } = await countSample('');
    expect(output).toContain('absent: no such card here');
    expect(output).toContain('later: not written yet');
    // The bad test, the broken set-up and the file that does not load; its test and two more did not run.
    expect(output.trimEnd().split('\n').at(-1)).toBe('1 passed, 3 failed, 3 skipped');
    expect(code).toBe(1);
  });

  test('under CI a skip is a failure', async () => {
    const { code, output } = await countSample('true');
    expect(output.trimEnd().split('\n').at(-1)).toBe('1 passed, 6 failed, 0 skipped');
    expect(code).toBe(1);
  });
});

test('package-lock.json is one that npm ci takes on every machine, whatever Node it has', async () => {
  interface LockfileModule {
    missingEntries(lockfile: unknown): { name: string }[];
    conditionalEntries(lockfile: unknown): string[];
  }
  const moduleUrl = new URL('../../setup/complete-lockfile.mjs', import.meta.url).href;
  const { missingEntries, conditionalEntries } = (await import(moduleUrl)) as LockfileModule;
  const lockfile: unknown = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8'));
  const hint = 'run: npm run lockfile';
  expect(missingEntries(lockfile), hint).toEqual([]);
  expect(conditionalEntries(lockfile), hint).toEqual([]);
});
