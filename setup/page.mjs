import { existsSync } from 'node:fs';
import { SetupError } from './error.mjs';
import { inRoot } from './paths.mjs';
import { filesBelow, hashOf, isStamped, stamp, unstamp } from './stamp.mjs';
import { capture, node24Environment, step } from './step.mjs';

/** The page takes its types from the server's schemas and from the catalogue. */
const inputs = ['web', 'server/api/schema', 'core/catalogue', 'package-lock.json'];

const isInput = (file) => file !== 'web/dist' && !file.endsWith('.md');

export async function preparePage(node) {
  if (!existsSync(inRoot('web', 'index.html'))) return;
  const files = inputs.flatMap((input) => filesBelow(input, isInput));
  const key = hashOf(files);
  if (existsSync(inRoot('web', 'dist', 'index.html')) && isStamped('page', key)) return;
  unstamp('page');
  const vite = inRoot('node_modules', 'vite', 'bin', 'vite.js');
  await step('page (vite build)', async () => {
    const { code, output } = await capture(node, [vite, 'build', 'web'], node24Environment(node));
    if (code !== 0) throw new SetupError(`${output}\n\nThe page did not build (exit code ${code}).`);
  });
  stamp('page', key);
}
