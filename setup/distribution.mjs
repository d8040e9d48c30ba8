import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from './error.mjs';
import { inRoot } from './paths.mjs';
import { filesBelow, hashOf, isStamped, stamp, unstamp } from './stamp.mjs';
import { capture, node24Environment, step } from './step.mjs';

/** What the command needs at run time. dist/ mirrors the tree, so that paths from one file to another stay true. */
const houses = ['core', 'native', 'bus', 'collector', 'alerts', 'server', 'cli'];
const isCopied = (file) => !/\.(ts|md)$/.test(file);

function copy(files) {
  for (const file of files) {
    const target = inRoot('dist', file);
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(inRoot(file), target);
  }
}

/** The compiler rewrites the endings of imports, not those of paths: a child process named x.ts is not there in dist/. */
function refuseSourcePaths() {
  const built = filesBelow('dist', (file) => file !== 'dist/web' && file !== 'dist/native/build');
  const wrong = built
    .filter((file) => file.endsWith('.js'))
    .filter((file) => /new URL\([^)]*\.ts['"`]/.test(readFileSync(inRoot(file), 'utf8')));
  if (wrong.length === 0) return;
  throw new SetupError(`These files name a .ts file by path, which dist/ has not: ${wrong.join(', ')}`);
}

async function emit(node) {
  rmSync(inRoot('dist'), { recursive: true, force: true });
  const tsc = inRoot('node_modules', 'typescript', 'bin', 'tsc');
  const { code, output } = await capture(node, [tsc, '-p', 'tsconfig.build.json'], node24Environment(node));
  if (code !== 0) throw new SetupError(`${output}\n\ntsc failed (exit code ${code}).`);
  copy(houses.flatMap((house) => filesBelow(house)).filter(isCopied));
  copy(filesBelow('web/dist'));
  refuseSourcePaths();
}

/** The published form: dist/ with JavaScript, the page, the statements and the addon. */
export async function prepareDistribution(node) {
  const files = [...houses, 'web/dist', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  const key = hashOf(files.flatMap((file) => filesBelow(file)));
  if (existsSync(inRoot('dist')) && isStamped('distribution', key)) return;
  unstamp('distribution');
  await step('dist (tsc)', () => emit(node));
  stamp('distribution', key);
}
