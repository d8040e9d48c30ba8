import { expect, test } from 'vitest';
import { takeSnapshot } from '../../../../server/backup/snapshot.ts';
import { WriteGate } from '../../../../server/backup/write-gate.ts';
import type { ControlStore } from '../../../../server/control/control-store.ts';
import type { Engine } from '../../../../server/store/engine.ts';

test('the files of a store on a server of its own are not ours to copy: it is said so before anybody waits', async () => {
  const gate = new WriteGate();
  const options = { engine: {} as Engine, control: {} as ControlStore, dataFolder: '/nowhere', gate, version: 'test' };
  const taken = takeSnapshot(options, new AbortController().signal);
  await expect(taken).rejects.toMatchObject({ code: 'FN_BACKUP_ELSEWHERE', retryable: false });
  using _writer = await gate.pass(AbortSignal.timeout(100));
});
