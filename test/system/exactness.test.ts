import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { skipWithoutRoot } from './namespaces.ts';

const script = fileURLToPath(new URL('./exactness.ts', import.meta.url));

describe.skipIf(skipWithoutRoot)('to the packet (skipped without root: it makes network namespaces)', () => {
  it('sent, /proc/net/dev and API agree, while it runs and over a kill -9', { timeout: 120_000 }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--down', '4', '--packets', '3000'], {
      timeout: 110_000,
    });
    expect(stdout).toContain('all differences are 0');
  });
});
