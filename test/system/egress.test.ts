import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowedTargets, forbiddenTargets, localAddresses } from '../unit/alerts/egress/ssrf-targets.ts';
import type { EgressTrial } from './egress-subject.ts';
import { run, skipWithoutRoot } from './namespaces.ts';

const subject = fileURLToPath(new URL('./egress-subject.ts', import.meta.url));

/** The table of targets over real sockets, in a namespace whose routes make every address of the world this machine. */
describe.skipIf(skipWithoutRoot)('requests of receivers (skipped without root: it makes a network namespace)', () => {
  const name = `fn-world-${randomBytes(3).toString('hex')}`;
  let trial: EgressTrial;

  beforeAll(() => {
    run('ip', 'netns', 'add', name);
    run('ip', '-n', name, 'link', 'set', 'lo', 'up');
    run('ip', '-n', name, 'route', 'add', 'local', '0.0.0.0/0', 'dev', 'lo');
    run('ip', '-n', name, '-6', 'route', 'add', 'local', '::/0', 'dev', 'lo');
    for (const address of localAddresses.filter((text) => text !== '127.0.0.1' && text !== '::1'))
      run('ip', '-n', name, 'address', 'add', `${address}/32`, 'dev', 'lo');
    trial = JSON.parse(run('ip', 'netns', 'exec', name, process.execPath, subject));
  });

  afterAll(() => {
    run('ip', 'netns', 'delete', name);
  });

  it('nothing forbidden is reached, though nearly all of it would answer', () => {
    expect(trial.open).toBeGreaterThanOrEqual(60);
    expect(trial.forbidden).toEqual(forbiddenTargets.map(({ url, code }) => ({ url, kind: 'refused', code })));
    expect(trial.forbiddenConnections).toBe(0);
  });

  it('everything allowed is reached, by one connection each', () => {
    expect(trial.allowed).toEqual(allowedTargets.map(({ url }) => ({ url, kind: 'answered', status: 204 })));
    expect(trial.allowedConnections).toBe(allowedTargets.length);
  });
});
