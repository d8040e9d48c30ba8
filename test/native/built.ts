import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

const buildFile = fileURLToPath(new URL('../../native/build.mjs', import.meta.url));

/** Tests of the addon. Builds it when something changed; without a compiler they are skipped, or fail in CI. */
export function describeBuilt(name: string, tests: () => void): void {
  const { status, stderr } = spawnSync(process.execPath, [buildFile], { encoding: 'utf8' });
  const isMissing = status === 3 && process.env['CI'] !== 'true';
  if (status !== 0 && !isMissing) throw new Error(stderr);
  if (isMissing) process.stderr.write(`skipped: ${name}: ${stderr}`);
  describe.skipIf(isMissing)(name, tests);
}
