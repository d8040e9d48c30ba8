import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseCoverage } from '../../collector/sources/ovs/coverage.ts';
import { findVswitchds } from '../../collector/sources/ovs/discovery.ts';
import { type DpctlPort, parseDpctlShow } from '../../collector/sources/ovs/dpctl-show.ts';
import { parseFlowDump } from '../../collector/sources/ovs/dump-flows.ts';
import type { InterfaceRow } from '../../collector/sources/ovs/interfaces.ts';
import { OvsdbMonitor, type OvsdbUpdate } from '../../collector/sources/ovs/ovsdb.ts';
import { UnixctlClient } from '../../collector/sources/ovs/unixctl.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { run } from './namespaces.ts';
import { Spawned } from './spawned.ts';

const daemon = '/usr/sbin/ovs-vswitchd';
/** With CI=true nothing is skipped. */
const skipWithoutOvs = !existsSync(daemon) && process.env['CI'] !== 'true';
const portCount = 1000;
const oddNames = ['a name with spaces', 'par (en) ü "q"', 'n'.repeat(200), 'a (dummy)'];

/** A real Open vSwitch on the dummy datapath: no root, no packets but ours, files in a folder of its own. */
class DummySwitch {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'fn-ovs-'));
  #server: Spawned | undefined;
  #vswitchd: Spawned | undefined;

  get #db(): string {
    return `unix:${this.folder}/db.sock`;
  }

  create(): void {
    run('ovsdb-tool', 'create', `${this.folder}/conf.db`, '/usr/share/openvswitch/vswitch.ovsschema');
  }

  async startServer(): Promise<void> {
    this.#server = this.#spawn('/usr/sbin/ovsdb-server', `${this.folder}/conf.db`, `--remote=p${this.#db}`);
    await vi.waitFor(() => expect(existsSync(`${this.folder}/db.sock`)).toBe(true), { timeout: 10_000 });
  }

  async startVswitchd(): Promise<void> {
    this.#vswitchd = this.#spawn(daemon, this.#db, '--enable-dummy=override', '--disable-system');
    await vi.waitFor(() => expect(findVswitchds(this.folder, '/proc')).toHaveLength(1), { timeout: 10_000 });
  }

  /** `ovs-vsctl`; waits for ovs-vswitchd to do it unless the arguments begin with --no-wait. */
  configure(...args: string[]): void {
    run('ovs-vsctl', `--db=${this.#db}`, '--timeout=20', ...args);
  }

  /** A packet comes in at a port, as the dummy datapath has it. */
  receive(port: string, packet: string): void {
    const [{ ctlPath } = { ctlPath: '' }] = findVswitchds(this.folder, '/proc');
    run('ovs-appctl', '-t', ctlPath, 'netdev-dummy/receive', port, packet);
  }

  async stopServer(): Promise<void> {
    await this.#server?.stop('SIGKILL');
    rmSync(`${this.folder}/db.sock`, { force: true });
  }

  async stopVswitchd(): Promise<void> {
    await this.#vswitchd?.stop('SIGKILL');
  }

  async remove(): Promise<void> {
    await this.stopVswitchd();
    await this.stopServer();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(program: string, ...args: string[]): Spawned {
    const folders = ['OVS_RUNDIR', 'OVS_LOGDIR', 'OVS_DBDIR'].map((name) => `${name}=${this.folder}`);
    // env becomes the program, so that the pid is the daemon's.
    return new Spawned('env', [...folders, program, ...args, '-vconsole:off']);
  }
}

describe.skipIf(skipWithoutOvs)('a real Open vSwitch', () => {
  const ovs = new DummySwitch();
  const updates: OvsdbUpdate[] = [];
  const failures: FourninesError[] = [];
  let client: UnixctlClient;
  const monitor = new OvsdbMonitor({
    path: `${ovs.folder}/db.sock`,
    clock: { read: () => ({ wallNs: process.hrtime.bigint(), monoNs: process.hrtime.bigint() }), sleep: sleepMs },
    random: Math.random,
    listener: {
      onHeard: () => undefined,
      onUpdate: (update) => updates.push(update),
      onAway: (error) => failures.push(error),
    },
    waits: { retryMinMs: 50, retryMaxMs: 500 },
  });

  const connect = () => new UnixctlClient(findVswitchds(ovs.folder, '/proc')[0]?.ctlPath ?? '');
  const interfaces = (): InterfaceRow[] => [...(updates.at(-1)?.snapshot.interfaces.values() ?? [])];
  const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
  const show = async (): Promise<readonly DpctlPort[]> => {
    const shown = parseDpctlShow(await client.call('dpctl/show', ['-s'], { deadlineMs: 20_000 }), (name) =>
      interfaces().some((row) => row.name === name),
    );
    expect(shown.unknownSamples).toEqual([]);
    return shown.datapaths.flatMap(({ ports }) => ports);
  };
  const names = (ports: readonly DpctlPort[]) => ports.map(({ name }) => name);

  beforeAll(async () => {
    ovs.create();
    await ovs.startServer();
    await ovs.startVswitchd();
    client = connect();
    monitor.start();
    ovs.configure('add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath_type=dummy', 'fail_mode=standalone');
  }, 30_000);

  afterAll(async () => {
    client.close();
    await monitor.stop();
    await ovs.remove();
  });

  it('shows ports with odd names under the names of the database', async () => {
    for (const name of oddNames) ovs.configure('add-port', 'br0', name, '--', 'set', 'Interface', name, 'type=dummy');
    await eventually(() => expect(interfaces().map(({ name }) => name)).toEqual(expect.arrayContaining(oddNames)));
    const ports = await show();
    expect(names(ports)).toEqual(expect.arrayContaining(oddNames));
    expect(ports.filter(({ name }) => oddNames.includes(name)).map(({ type }) => type)).toEqual(
      oddNames.map(() => 'dummy'),
    );
  });

  it('counts packets the same in datapath, flows and database; a flow does not count the packet that made it', async () => {
    const packet =
      'in_port(1),eth(src=50:54:00:00:00:01,dst=ff:ff:ff:ff:ff:ff),eth_type(0x0800),' +
      'ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=1,dst=2)';
    const [sender = ''] = oddNames;
    for (let i = 0; i < 5; i++) ovs.receive(sender, packet);
    await eventually(async () => {
      const ports = await show();
      expect(ports.find(({ name }) => name === sender)?.rx.packets).toBe(5n);
      expect(ports.filter(({ name, tx }) => oddNames.includes(name) && tx.packets === 5n)).toHaveLength(3);
    });
    const dump = parseFlowDump(await client.call('dpctl/dump-flows', ['-m', '--no-names'], { deadlineMs: 5000 }));
    expect(dump.unknownSamples).toEqual([]);
    expect(dump.flows.map(({ core, packets, outputs }) => [core, packets, outputs])).toEqual([['main', 4n, 4]]);
    const coverage = parseCoverage(await client.call('coverage/show', [], { deadlineMs: 5000 }));
    expect([...coverage.totals.values()].every((total) => total > 0n)).toBe(true);
    expect(coverage).toMatchObject({ unknownSamples: [], neverHit: expect.any(BigInt) });
    await eventually(() => {
      const row = interfaces().find(({ name }) => name === sender);
      expect(row?.statistics.get('rx_packets')).toBe(5n);
    });
    const told = updates.filter(({ isResync, statistics }) => !isResync && statistics.size > 0);
    expect(told.length).toBeGreaterThan(0);
  });

  it(`shows ${portCount} ports, and the ones that stay while others are deleted`, async () => {
    const ports = Array.from({ length: portCount }, (_, i) => `d${i}`);
    const add = (name: string) => ['--', 'add-port', 'br0', name, '--', 'set', 'Interface', name, 'type=dummy'];
    ovs.configure('--no-wait', ...ports.flatMap(add));
    await eventually(async () => expect(names(await show())).toEqual(expect.arrayContaining(ports)));
    await eventually(() => expect(interfaces().length).toBe(portCount + oddNames.length + 1));

    const gone = ports.slice(0, 50);
    ovs.configure('--no-wait', ...gone.flatMap((name) => ['--', 'del-port', name]));
    const stays = ports.slice(50);
    await eventually(async () => {
      const shown = names(await show());
      expect(shown).toEqual(expect.arrayContaining(stays));
      expect(shown).not.toContain('d0');
    });
    await eventually(() => expect(interfaces().length).toBe(portCount + oddNames.length + 1 - gone.length));
  });

  it('is fetched anew after ovsdb-server was killed', async () => {
    const before = interfaces().length;
    await ovs.stopServer();
    await eventually(() => expect(failures.at(-1)?.code).toBe('FN_OVS_AWAY'));
    const seen = updates.length;
    await ovs.startServer();
    await eventually(() => expect(updates.slice(seen).some(({ isResync }) => isResync)).toBe(true));
    expect(interfaces().length).toBe(before);
  });

  it('is away after ovs-vswitchd was killed, and another daemon when it is back', async () => {
    const [before] = findVswitchds(ovs.folder, '/proc');
    await ovs.stopVswitchd();
    await expect(client.call('version', [], { deadlineMs: 2000 })).rejects.toBeInstanceOf(FourninesError);
    expect(findVswitchds(ovs.folder, '/proc')).toEqual([]);
    await ovs.startVswitchd();
    const [after] = findVswitchds(ovs.folder, '/proc');
    expect(after?.pid).not.toBe(before?.pid);
    client.close();
    client = connect();
    expect(await client.call('version', [], { deadlineMs: 20_000 })).toContain('Open vSwitch');
    await eventually(async () => expect(names(await show())).toEqual(expect.arrayContaining(oddNames)));
  });
});
