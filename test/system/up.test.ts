import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Health } from '../../server/api/schema/health.ts';
import type { HostPage } from '../../server/api/schema/hosts.ts';
import type { PortPage } from '../../server/api/schema/ports.ts';
import { FakeOvs } from '../unit/collector/sources/ovs/fake-ovs.ts';
import { FakeSwitch } from '../unit/collector/sources/ovs/fake-switch.ts';
import { Spawned } from './spawned.ts';

const data = mkdtempSync(join(tmpdir(), 'fn-up-'));
const wait = { timeout: 30_000, interval: 50 };
let up: Spawned;
let base = '';

async function startUp(): Promise<void> {
  up = Spawned.product('up', '--port', '0', '--data', data);
  await vi.waitFor(() => expect(up.stdout).toMatch(/Fournines: (http:\S+)/), wait);
  base = /Fournines: (http:\S+)/.exec(up.stdout)?.[1] ?? '';
}

/** The store's process: the only child of the product. */
function childOf({ child }: Spawned): number {
  const children = execFileSync('ps', ['--ppid', String(child.pid), '-o', 'pid=,args='], { encoding: 'utf8' });
  const line = children.split('\n').find((each) => each.includes('child.ts'));
  return Number(line?.trim().split(/\s+/)[0]);
}

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(`${base}/api/v1${path}`)).json()) as T;
}

beforeAll(startUp);
afterAll(async () => {
  await up.stop('SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

describe('everything in one process', () => {
  it("shows the machine's own NICs within seconds, each of /proc/net/dev", async () => {
    const names = readFileSync('/proc/net/dev', 'latin1')
      .split('\n')
      .slice(2)
      .flatMap((line) => line.split(':')[0]?.trim() || []);
    await vi.waitFor(async () => {
      const page = await get<PortPage>('/ports?limit=1000');
      expect(new Set(page.items.map(({ port }) => port))).toEqual(new Set(names));
    }, wait);
  });

  it('the host is live and health is ok', async () => {
    expect((await get<Health>('/health')).status).toBe('ok');
    expect((await get<HostPage>('/hosts')).items).toMatchObject([{ state: 'live' }]);
  });

  it('a second one on the same folder is refused, names the first, and harms nothing', async () => {
    const second = Spawned.product('up', '--port', '0', '--data', data);
    expect(await second.end()).toBe(3);
    expect(second.stderr).toContain(`is used by process ${up.child.pid}`);
    expect(second.stderr).toContain('FN_FOLDER_LOCKED');
    expect((await get<Health>('/health')).status).toBe('ok');
  });

  it('a taken port is refused with how to mend it', async () => {
    const other = mkdtempSync(join(tmpdir(), 'fn-up-'));
    const second = Spawned.product('up', '--port', new URL(base).port, '--data', other);
    expect(await second.end()).toBe(3);
    expect(second.stderr).toContain('FN_PORT_IN_USE');
    expect(second.stderr).toContain('--port');
    rmSync(other, { recursive: true, force: true });
  });
});

describe('a process that stands still', () => {
  it('bridges the seconds it was suspended for, since the counters lived on', async () => {
    const stoppedAt = Math.floor(Date.now() / 1000);
    up.child.kill('SIGSTOP');
    await vi.waitFor(() => expect(Date.now() / 1000).toBeGreaterThan(stoppedAt + 5), wait);
    up.child.kill('SIGCONT');
    const from = new Date((stoppedAt - 2) * 1000).toISOString();
    const to = new Date((stoppedAt + 8) * 1000).toISOString();
    await vi.waitFor(async () => {
      const page = await get<PortPage>(`/ports?port=lo&from=${from}&to=${to}`);
      expect(Date.parse(page.completeTo ?? '')).toBeGreaterThanOrEqual(Date.parse(to));
      for (const { slots } of page.items) {
        expect(slots.bridged).toBeGreaterThanOrEqual(4);
        expect(slots.unknown).toBe(0);
      }
    }, wait);
  });
});

describe('a store that dies', () => {
  const storePid = () => childOf(up);

  it('is started again; the rows waited in the bus and none is missing', async () => {
    const from = Math.floor(Date.now() / 1000);
    const before = storePid();
    expect(before).toBeGreaterThan(1);
    process.kill(before, 'SIGKILL');
    // Numbers of processes begin again at some time: a new one may be smaller.
    await vi.waitFor(() => expect(storePid() > 1 && storePid() !== before).toBe(true), wait);
    const to = Math.floor(Date.now() / 1000) + 3;
    const window = `from=${new Date(from * 1000).toISOString()}&to=${new Date(to * 1000).toISOString()}`;
    await vi.waitFor(async () => {
      const page = await get<PortPage>(`/ports?port=lo&${window}`);
      expect(Date.parse(page.completeTo ?? '')).toBeGreaterThanOrEqual(to * 1000);
      for (const { slots } of page.items) expect(slots).toMatchObject({ observed: to - from, unknown: 0 });
    }, wait);
  });

  it('that hangs makes health degraded, not the process: it goes on counting', async () => {
    const pid = storePid();
    process.kill(pid, 'SIGSTOP');
    try {
      await vi.waitFor(async () => expect((await get<Health>('/health')).bus?.heldBytes).toBeGreaterThan(20_000), wait);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await vi.waitFor(async () => {
      const health = await get<Health>('/health');
      expect(health.status).toBe('ok');
      expect(health.bus?.heldBytes).toBeLessThan(20_000);
    }, wait);
  });
});

/** A scripted switch under a process of the right name. With its ports a tick says as much as ten of a small host. */
async function startSwitch(folder: string): Promise<AsyncDisposable & { readonly runDir: string }> {
  const model = new FakeSwitch();
  for (let n = 1; n <= 60; n++) model.add(`vhu${n}`);
  const ovs = new FakeOvs(model);
  const program = join(folder, 'ovs-vswitchd');
  symlinkSync('/bin/sleep', program);
  const daemon = new Spawned(program, ['infinity']);
  await Promise.all([ovs.startDaemon(daemon.child.pid), ovs.startDatabase()]);
  const stop = () => Promise.all([daemon.stop('SIGKILL'), ovs.stop()]);
  return { runDir: ovs.runDir, [Symbol.asyncDispose]: async () => void (await stop()) };
}

describe('a store that hangs until the bus is full', () => {
  it('has ticks wait in the spool, counted and named; afterwards every slot is observed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fn-full-'));
    await using fake = await startSwitch(folder);
    const config = join(folder, 'config.yaml');
    const collector = `collector: { ovs: { runDir: ${fake.runDir} } }`;
    writeFileSync(config, `server: { port: 0, busBytesMax: 65536, lingerMs: 100 }\n${collector}\n`);
    const small = Spawned.product('up', '--config', config, '--data', join(folder, 'data'));
    try {
      await vi.waitFor(() => expect(small.stdout).toMatch(/Fournines: (http:\S+)/), wait);
      const url = /Fournines: (http:\S+)/.exec(small.stdout)?.[1] ?? '';
      const ask = async <T>(path: string) => (await (await fetch(`${url}/api/v1${path}`)).json()) as T;
      const spool = async () => (await ask<Health>('/health')).collector?.spool;
      // The sealer's first look is let through.
      for (let n = 0; n < 10; n++) await ask('/hosts');
      const from = Math.floor(Date.now() / 1000) + 1;
      // A question that hangs costs the store its process in the end: each that is started instead hangs as well.
      let store = 0;
      const hang = () => {
        const present = childOf(small);
        if (present === 0 || present === store) return;
        process.kill(present, 'SIGSTOP');
        store = present;
      };
      const full = { interval: 100, timeout: 180_000 };
      await vi.waitFor(async () => {
        hang();
        expect((await spool())?.backlogBytes).toBeGreaterThan(65_536);
      }, full);
      const backlogTicks = (await spool())?.backlogTicks ?? 0;
      expect((await ask<Health>('/health')).status).toBe('degraded');
      process.kill(store, 'SIGCONT');
      const window = `from=${new Date(from * 1000).toISOString()}`;
      await vi.waitFor(async () => {
        const page = await ask<PortPage>(`/ports?port=lo&${window}`);
        expect(page.items).toHaveLength(2);
        for (const { slots } of page.items) {
          expect(slots.observed).toBeGreaterThan(backlogTicks);
          expect(slots).toMatchObject({ bridged: 0, unknown: 0 });
        }
      }, wait);
      expect((await ask<Health>('/health')).collector).toMatchObject({ refused: '0', spool: { lostTicks: 0 } });
    } finally {
      await small.stop('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('stopping', () => {
  it('ends with 0, lets the folder go, leaves no process behind, and the next start goes on without a gap unknown', async () => {
    const children = execFileSync('ps', ['--ppid', String(up.child.pid), '-o', 'pid='], { encoding: 'utf8' });
    const stoppedAt = Math.floor(Date.now() / 1000);
    expect(await up.stop('SIGTERM')).toBe(0);
    for (const pid of children
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(Number)) {
      expect(() => process.kill(pid, 0)).toThrow();
    }
    await startUp();
    const window = `from=${new Date((stoppedAt - 5) * 1000).toISOString()}`;
    await vi.waitFor(async () => {
      const page = await get<PortPage>(`/ports?port=lo&${window}`);
      expect(Date.parse(page.completeTo ?? '')).toBeGreaterThan((stoppedAt + 2) * 1000);
      expect(page.items).toHaveLength(2);
      for (const { slots } of page.items) expect(slots.unknown).toBe(0);
    }, wait);
  });
});

describe('mistakes on the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fn-cli-'));
  const config = (text: string) => {
    const path = join(folder, 'config.yaml');
    writeFileSync(path, text);
    return path;
  };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('every mistake of a configuration is told at once, with its key and what was meant', async () => {
    const path = config('server:\n  prot: 80\n  staleAfterMs: soon\ncolector: {}\nlog: { level: loud }\n');
    const check = Spawned.product('config', 'check', '--config', path);
    expect(await check.end()).toBe(2);
    expect(check.stderr).toContain('server.prot: unknown key; did you mean port?');
    expect(check.stderr).toContain('server.staleAfterMs: must be integer');
    expect(check.stderr).toContain('colector: unknown key; did you mean collector?');
    expect(check.stderr).toContain('log.level: must be one of error, warn, info, debug');
    expect(check.stderr).toContain('4 mistakes');
  });

  it('a configuration that is no YAML says where', async () => {
    const check = Spawned.product('config', 'check', '--config', config('server: [1,\n  port: {'));
    expect(await check.end()).toBe(2);
    expect(check.stderr).toMatch(/line 2/);
  });

  it('what is printed is what is in effect, and can be read back', async () => {
    const print = Spawned.product('config', 'print', '--config', config('server: { port: 1234 }'), '--json');
    expect(await print.end()).toBe(0);
    expect(JSON.parse(print.stdout)).toMatchObject({
      server: { port: 1234, staleAfterMs: 5000 },
      log: { level: 'info' },
    });
  });

  it('unknown commands and options end with 2, help with 0, all of it on the right stream', async () => {
    const unknown = Spawned.product('upp');
    expect(await unknown.end()).toBe(2);
    expect(unknown.stderr).toContain('up');
    const port = Spawned.product('up', '--port', 'eighty');
    expect(await port.end()).toBe(2);
    expect(port.stderr).toContain('from 0 to 65535');
    const commands = [[], ['up'], ['collector'], ['server'], ['config', 'print']];
    for (const help of commands.map((command) => Spawned.product(...command, '--help'))) {
      expect(await help.end()).toBe(0);
      expect(help.stdout).toContain('Usage: fournines');
      expect(help.stderr).toBe('');
    }
  });

  it('one gather as JSON has every source, and no colour', async () => {
    // No switch and no DPDK program lies in an empty folder, whatever else runs on this machine.
    const config = join(data, 'once.yaml');
    writeFileSync(config, `collector: { ovs: { runDir: ${data} }, dpdk: { runtimeDirs: [${data}] } }\n`);
    const once = Spawned.product('collector', '--once', '--json', '--config', config);
    expect(await once.end()).toBe(0);
    const { sources } = JSON.parse(once.stdout) as {
      sources: { source: string; state: string; rows: Record<string, unknown[]> }[];
    };
    expect(sources.map(({ source, state }) => [source, state])).toEqual([
      ['dpdk-telemetry', 'absent'],
      ['kernel', 'ok'],
      ['ovs', 'absent'],
      ['thread', 'ok'],
      ['vring', 'absent'],
    ]);
    expect(sources[1]?.rows['port_slot']?.length).toBeGreaterThanOrEqual(2);
    expect(once.stdout).not.toContain('\u001b[');
  });
});
