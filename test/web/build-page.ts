import { execFile } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const webFolder = fileURLToPath(new URL('../../web/', import.meta.url));

/** Builds the page unless the built one is younger than all of its sources. */
export async function buildPage(): Promise<void> {
  const built = `${webFolder}dist/index.html`;
  const sources = ['index.html', 'vite.config.ts', 'public/*', 'src/**/*.{ts,tsx,css}'].flatMap((pattern) =>
    globSync(pattern, { cwd: webFolder }),
  );
  const youngestMs = Math.max(...sources.map((file) => statSync(`${webFolder}${file}`).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs > youngestMs) return;
  // A process of its own: here NODE_ENV says `test`, and libraries would be built with all their checks in.
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js');
  await promisify(execFile)(process.execPath, [vite, 'build', webFolder, '--logLevel', 'error'], {
    env: { ...process.env, NODE_ENV: 'production' },
  });
}

/** Once for all tests of the page: two that build it at a time would take it from each other. */
export { buildPage as setup };
