import { existsSync } from 'node:fs';
import { SetupError } from './error.mjs';
import { inRoot } from './paths.mjs';
import { filesBelow, hashOf, isStamped, stamp, unstamp } from './stamp.mjs';
import { capture, node24Environment, say, step } from './step.mjs';

const noCompiler = 3;

const isSource = (file) => file !== 'native/build' && !/\.(ts|md)$/.test(file);

/** Without a compiler, or with one that refuses, the product still runs: its sources have a pure TypeScript form. */
export async function prepareAddon(node) {
  if (!existsSync(inRoot('native', 'build.mjs'))) return;
  const key = hashOf([...filesBelow('native', isSource), 'package-lock.json'], `${process.platform} ${process.arch}`);
  const isBuilt = filesBelow('native/build').some((file) => file.endsWith('.node'));
  if (isBuilt && isStamped('addon', key)) return;
  unstamp('addon');
  const build = () => capture(node, [inRoot('native', 'build.mjs')], node24Environment(node));
  const { code, output } = await step('native addon (C++)', build, (result) => {
    if (result.code === 0) return undefined;
    return result.code === noCompiler ? 'no compiler' : 'failed';
  });
  if (code === noCompiler) {
    say(output);
    return;
  }
  if (code !== 0) {
    const error = new SetupError(`${output}\n\nThe native addon did not build (exit code ${code}).`);
    error.isBearable = true;
    throw error;
  }
  stamp('addon', key);
}
