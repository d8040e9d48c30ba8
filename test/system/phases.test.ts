import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import type { Ready } from '../../server/api/schema/health.ts';
import { makeServer } from '../../server/app.ts';
import { EmbeddedEngine } from '../../server/store/embedded/engine.ts';
import { GeneratedLog } from '../fakes/generated-log.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { aSubjectFolder } from './exactly-once-fixture.ts';
import { Spawned } from './spawned.ts';
import { today, until } from './store-fixture.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function aServer() {
  const data = await aSubjectFolder();
  folders.push(data);
  const log = new GeneratedLog({
    ...{ seed: 3, messages: 20, hosts: 2, firstSlot: today, readMs: 5, recordsARead: 5 },
  });
  const server = makeServer({
    ...{ config: aServerConfig({ lingerMs: 50 }), data, bus: log, logId: async () => 'generated' },
    ...{ logger: silentLogger, version: 'test' },
  });
  const get = async (path: string) => {
    const response = await fetch(`${server.url()}/api/v1/${path}`);
    return { status: response.status, body: (await response.json()) as Partial<Ready> & { code?: string } };
  };
  const ready = async () => {
    const { status, body } = await get('health/ready');
    return [status, body.status];
  };
  const live = async () => (await get('health/live')).status;
  return { data, server, get, ready, live, lifecycle: new Lifecycle(server.parts, silentLogger) };
}

describe('a server says where it is in its life', () => {
  test('from its start on: alive, not ready, and every question answered with why', async () => {
    const { data, server, get, ready, live, lifecycle } = await aServer();
    // The store of a killed run, which still holds its folder.
    const former = new EmbeddedEngine({ path: join(data, 'clickhouse'), logger: silentLogger });
    await former.start();
    const started = lifecycle.start();
    await until(() => server.url() !== '');
    expect([await live(), await ready()]).toEqual([200, [503, 'starting']]);
    expect(await get('hosts')).toMatchObject({ status: 503, body: { code: 'FN_STORE_AWAY' } });
    expect(await get('health')).toMatchObject({ status: 200, body: { status: 'degraded' } });
    await former.close();
    await started;
    await until(async () => (await ready())[0] === 200);
    expect(await ready()).toEqual([200, 'ready']);
    expect((await get('hosts')).status).toBe(200);

    // The store dies: not ready, alive, and ready again by itself.
    const engine = server.store.engine as EmbeddedEngine;
    process.kill(engine.pid as number, 'SIGKILL');
    await until(async () => (await ready())[1] === 'away');
    expect(await live()).toBe(200);
    await until(async () => (await ready())[1] === 'ready');

    // And to its end: it drains before anything is taken from under it.
    const stream = await fetch(`${server.url()}/api/v1/stream`);
    const reader = stream.body?.getReader();
    await reader?.read();
    server.drain();
    while (!(await reader?.read())?.done);
    expect([await live(), await ready()]).toEqual([200, [503, 'draining']]);
    expect(await get('stream')).toMatchObject({ status: 503, body: { code: 'FN_SERVER_STOPPING' } });
    await lifecycle.stop();
    await expect(fetch(`${server.url()}/api/v1/health/live`)).rejects.toThrow();
  });
});

describe('a stop', () => {
  const subject = fileURLToPath(new URL('./stop-subject.ts', import.meta.url));

  test('that takes too long says what did not stop, and ends', async () => {
    const run = new Spawned(process.execPath, [subject, 'hangs']);
    await until(() => run.stdout.includes('up'));
    expect(await run.stop()).toBe(1);
    expect(run.stderr).toContain('"unstopped":"hangs, quick"');
    expect(run.stdout).toContain('stopping');
  });

  test('in mid-start ends what has been started and starts nothing more', async () => {
    const run = new Spawned(process.execPath, [subject, 'starts']);
    await until(() => run.stdout.includes('up'));
    expect(await run.stop()).toBe(0);
    expect(run.stdout).not.toContain('never');
  });
});
