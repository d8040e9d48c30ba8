import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import type { HostPage } from '../../server/api/schema/hosts.ts';
import type { PortPage } from '../../server/api/schema/ports.ts';
import { makeServer, type Server } from '../../server/app.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { aPortRow, aTickMessage } from '../fakes/tick-message.ts';
import { aSubjectFolder } from './exactly-once-fixture.ts';
import { until } from './store-fixture.ts';

/** A minute that has passed: nothing else is stored in it. */
const first = Math.floor(Date.now() / 60_000) * 60 - 180;
const iso = (second: number) => new Date(second * 1000).toISOString();
const bus = new InProcessLog({ bytesMax: 1 << 24, recordBytesMax: 1 << 20, nowMs: Date.now });
let data: string;
let server: Server;
let lifecycle: Lifecycle;

beforeAll(async () => {
  data = await aSubjectFolder();
  const config = aServerConfig({ staleAfterMs: 3_000, lingerMs: 50 });
  server = makeServer({ config, data, bus, logger: silentLogger, version: 'test' });
  lifecycle = new Lifecycle(server.parts, silentLogger);
  await lifecycle.start();
});
afterAll(async () => {
  await lifecycle.stop();
  rmSync(data, { recursive: true, force: true });
});

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(`${server.url()}/api/v1/${path}`)).json()) as T;
}

async function tell(host: string, slot: number): Promise<void> {
  const ports = [aPortRow({ host, slot, packetsInc: 10n })];
  await bus.append(host, aTickMessage({ host, slot, seq: BigInt(slot), ports }));
}

const sums = (host = '') =>
  get<PortPage>(`ports?from=${iso(first)}&to=${iso(first + 60)}${host === '' ? '' : `&host=${host}`}`);

describe('up to when a window is complete', () => {
  test('is said with who is silent, and a host that comes back late makes another revision', async () => {
    for (let i = 0; i < 10; i++) for (const host of ['cn1', 'cn2']) await tell(host, first + i);
    await until(async () => (await sums()).completeTo === iso(first + 10).replace('.000', ''));
    const before = await sums('cn2');
    expect(before).toMatchObject({ silent: { count: 0, hosts: [] }, items: [{ packets: '100' }] });
    expect(before.revision).not.toBeNull();

    // cn2 falls silent while cn1 goes on: it holds nothing back, and is named.
    let next = first + 60;
    await until(async () => {
      await tell('cn1', next++);
      return (await sums()).silent.count === 1;
    });
    await until(async () => Date.parse((await sums()).completeTo ?? '') > (first + 60) * 1000);
    const silent = { count: 1, hosts: [{ host: 'cn2', since: iso(first + 10).replace('.000', '') }] };
    expect((await sums()).silent).toEqual(silent);
    expect(await sums('cn2')).toMatchObject({ completeTo: null, silent, revision: before.revision });
    const { items } = await get<HostPage>('hosts');
    expect(items.find(({ host }) => host === 'cn2')).toMatchObject({
      storedTo: iso(first + 10).replace('.000', ''),
      lagSeconds: 0,
      silentSince: iso(first + 10).replace('.000', ''),
    });
    expect(items.find(({ host }) => host === 'cn1')).toMatchObject({ silentSince: null });
    const metrics = await (await fetch(`${server.url()}/metrics`)).text();
    expect(metrics).toContain('\nfournines_host_stored_lag_seconds{host="cn2"} 0\n');

    // What it kept comes in: the sums change, and the answer says that they did.
    for (let i = 10; i < 13; i++) await tell('cn2', first + i);
    await until(async () => (await sums('cn2')).items[0]?.packets === '130');
    await until(async () => (await sums('cn2')).completeTo === iso(first + 13).replace('.000', ''));
    const after = await sums('cn2');
    expect(Date.parse(after.revision ?? '')).toBeGreaterThan(Date.parse(before.revision ?? ''));
    expect((await sums('cn2')).revision).toBe(after.revision);
  });
});
