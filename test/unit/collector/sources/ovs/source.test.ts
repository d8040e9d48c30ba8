import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pmdSlot, rxqSlot } from '../../../../../core/catalogue/datapath-kinds.ts';
import { portSlot } from '../../../../../core/catalogue/kinds.ts';
import { FakeOvs } from './fake-ovs.ts';
import { FakeSwitch } from './fake-switch.ts';
import { answer } from './scripted-server.ts';
import { SourceRun, sum } from './source-run.ts';

let model: FakeSwitch;
let ovs: FakeOvs;
let run: SourceRun;

beforeEach(async () => {
  model = new FakeSwitch();
  model.add('uplink0', 'dpdk');
  model.add('vhu1');
  model.add('vhu2');
  ovs = new FakeOvs(model);
  run = new SourceRun(ovs);
  await ovs.startDatabase();
  await ovs.startDaemon();
});
afterEach(async () => {
  await run.stop();
  await ovs.stop();
});

async function open(): Promise<void> {
  await run.open();
  await run.tick();
}

/** What the daemon was asked in so many ticks. */
async function askedIn(ticks: number): Promise<readonly string[]> {
  const asked: string[] = [];
  for (let i = 0; i < ticks; i++) asked.push(...(await run.tick()).asked);
  return asked;
}

describe('a datapath that is read each second', () => {
  it('gives each port, the ledger, threads and queues', async () => {
    await open();
    for (let i = 0; i < 10; i++) {
      model.pass('uplink0', 'vhu1', 90, 10);
      await run.tick();
    }
    expect(run.known('ovs:uplink0', 'rx')).toEqual([1000n, 0n]);
    expect(run.known('vhu1', 'toGuest')).toEqual([900n, 100n]);
    expect(run.known('vhu2', 'fromGuest')).toEqual([0n, 0n]);
    const sums = run.ledger().map((row) => [row.inPackets, row.outPackets, row.portDrops, row.residual]);
    expect(sums).toEqual(Array.from({ length: 10 }, () => [100n, 90n, 10n, 0n]));
    expect(run.rows(pmdSlot).map(({ slots, state, rxPacketsInc }) => [slots, state, rxPacketsInc])).toEqual([
      [5, 'bridged', 500n],
      [5, 'bridged', 500n],
    ]);
    expect(new Set(run.rows(rxqSlot).map(({ port }) => port))).toEqual(new Set(['ovs:uplink0', 'vhu1', 'vhu2']));
  });

  it('says which port stands behind a vhost socket, and whether a guest is there', async () => {
    const vhu1 = model.port('vhu1');
    vhu1.status = { ...vhu1.status, socket: '/run/vhu1.sock' };
    await open();
    expect(run.sockets.portOf('/run/vhu1.sock')).toEqual({ port: 'vhu1', isConnected: true });
    expect(run.sockets.portOf('/run/vhu2.sock')).toBeUndefined();
    const before = vhu1.status;
    vhu1.status = { ...before, status: 'disconnected' };
    await ovs.tellStatus(vhu1, before);
    await run.tick();
    expect(run.sockets.portOf('/run/vhu1.sock')).toEqual({ port: 'vhu1', isConnected: false });
  });

  it('tells taps under a name of their own, and tunnels as counted in the ports they pass', async () => {
    model.add('br0', 'tap');
    model.add('vxlan0', 'vxlan');
    model.add('n'.repeat(200), 'dpdk');
    await open();
    model.pass('uplink0', 'br0', 3);
    model.pass('vxlan0', 'n'.repeat(200), 4);
    await run.tick();
    const rows = new Map(run.rows(portSlot).map((row) => [`${row.port} ${row.direction}`, row]));
    expect(rows.get('ovs:br0 tx')).toMatchObject({ countedIn: 'br0', packetsInc: 3n });
    expect(rows.get('ovs:vxlan0 rx')).toMatchObject({ countedIn: 'netdev@ovs-netdev', packetsInc: 4n });
    expect(rows.get(`ovs:${'n'.repeat(200)} tx`)).toMatchObject({ countedIn: '', packetsInc: 4n });
    // What came in by the tunnel came in by another port before.
    expect(run.ledger()).toMatchObject([{ ports: 5, inPackets: 3n, outPackets: 7n, residual: -4n }]);
  });

  it('says what it is, once it is known, and what of it is gone', async () => {
    const vhu1 = model.port('vhu1');
    vhu1.otherConfig = { 'pmd-rxq-affinity': '0:4' };
    vhu1.status = { ...vhu1.status, numa: '1' };
    await open();
    await run.ticks(2);
    expect(run.facts().get('ovs.settings')).toBe('read');
    expect(run.facts().get('port.vhu1.affinity')).toBe('0:4');
    expect(run.facts().get('port.vhu1.numa')).toBe('1');
    expect(run.facts().get('port.vhu2.affinity')).toBe('');
    expect(run.facts().get('ovs.version')).toBe('3.5.0');
    expect(run.facts().get('ovs.pmd-cpu-mask')).toBe('0x4');
    expect(run.facts().get('port.vhu1.datapath')).toBe('netdev@ovs-netdev');
    expect(run.facts().get('port.vhu1.ledger')).toBe('yes');
    const port = model.port('vhu1');
    model.remove(port);
    await ovs.forget(port);
    await run.tick();
    const gone = [...run.facts()].filter(([name]) => name.startsWith('port.vhu1.'));
    expect(gone.length).toBeGreaterThan(10);
    expect(gone.filter(([, value]) => value !== '')).toEqual([]);
  });

  it('says whether an operator stopped us there, and nothing else of the external ids of the switch', async () => {
    ovs.externalIds = { 'system-id': 'secret-of-others', tenant: 'secret-of-others' };
    await open();
    await run.ticks(2);
    expect(run.facts().get('ovs.remediation')).toBe('on');
    await ovs.tellExternalIds({ ...ovs.externalIds, remediation: 'off', tenant: 'secret-of-others, changed' });
    await run.ticks(10);
    expect(run.facts().get('ovs.remediation')).toBe('off');
    await ovs.tellExternalIds({ tenant: 'secret-of-others, changed' });
    await run.ticks(10);
    expect(run.facts().get('ovs.remediation')).toBe('on');
    expect([...run.facts().values()].filter((value) => value.includes('secret'))).toEqual([]);
  });

  it('forgets a datapath that is no longer there, and reads it anew when it is back', async () => {
    await open();
    model.pass('uplink0', 'vhu1', 50);
    await run.tick();
    ovs.instead.set('dpctl/show', (question) => answer(question, ''));
    await run.tick();
    ovs.instead.clear();
    model.pass('uplink0', 'vhu1', 50);
    await run.tick();
    expect(run.known('ovs:uplink0', 'rx')).toEqual([100n, 0n]);
    expect(run.ledger().map(({ slots, residual }) => [slots, residual])).toEqual([
      [1, 0n],
      [2, null],
    ]);
  });
});

describe('questions', () => {
  it.each([
    ['all guests there', () => undefined],
    ['a guest away', () => model.port('vhu2').leave()],
    [
      'a second datapath whose guest is away',
      () => {
        model.port('vhu2').leave();
        const other =
          'netdev@a-first:\n  lookups: hit:0 missed:0 lost:0\n  flows: 0\n  port 0: p (dummy)\n    RX packets:0 errors:0 dropped:0\n    TX packets:0 errors:0 dropped:0\n    RX bytes:0  TX bytes:0\n';
        ovs.instead.set('dpctl/show', (question) => answer(question, other + model.show(true)));
        ovs.instead.set('dpif-netdev/pmd-perf-show', (question) => answer(question, null, 'please specify a datapath'));
      },
    ],
  ])('are two a second on average at most, with %s', async (_what, prepare) => {
    await open();
    prepare();
    await ovs.refresh();
    await run.tick();
    const asked = await askedIn(30);
    expect(asked.filter((question) => question === 'dpctl/show -s')).toHaveLength(30);
    expect(asked.length).toBeLessThanOrEqual(60);
    expect(asked.length).toBeGreaterThan(50);
  });

  it('are asked in their phase of five seconds; no more than one beside that for ports', async () => {
    await open();
    await run.until(0);
    const seconds: string[] = [];
    for (let i = 0; i < 5; i++) seconds.push(((await run.tick()).asked as string[]).slice(1).join());
    expect(seconds).toEqual([
      'dpctl/dump-flows -m --no-names netdev@ovs-netdev',
      'dpif-netdev/pmd-rxq-show -secs 5',
      'dpif-netdev/pmd-perf-show -nh',
      'coverage/show',
      '',
    ]);
  });

  it('for flows are left out where there are too many', async () => {
    model.flows = 2001n;
    await open();
    expect((await askedIn(10)).filter((question) => question.includes('flows'))).toEqual([]);
  });
});

describe('causes', () => {
  const lost = (cause: string) => run.cause('vhu1', cause).map(([, , state, packets]) => [state, packets]);

  it('of a guest: what its ring refused and what it missed while it was down add up to its total', async () => {
    await open();
    await ovs.refresh();
    await run.tick();
    for (let i = 0; i < 3; i++) {
      model.pass('uplink0', 'vhu1', 60, 30);
      // Sent while it was down: in the total alone.
      model.port('vhu1').tx.dropped += 10n;
      await run.ticks(4);
      await ovs.refresh();
      await run.tick();
    }
    await run.ticks(4);
    await ovs.refresh();
    model.pass('uplink0', 'vhu1', 1);
    await ovs.refresh();
    await run.tick();
    const known = (cause: string) => sum(lost(cause).map(([, packets]) => packets as bigint | null));
    expect(known('vhost_ring_full')).toBe(90n);
    // The total of a refresh less the parts of the next: never more than was lost, and all of it in the end.
    expect(known('vhost_down')).toBe(30n);
    expect(run.known('vhu1', 'toGuest')).toEqual([181n, 120n]);
  });

  it('of what stood in the database on connecting are no increments', async () => {
    model.pass('uplink0', 'vhu1', 5, 500);
    await open();
    await ovs.refresh();
    await run.tick();
    model.pass('uplink0', 'vhu1', 5, 7);
    await run.ticks(4);
    await ovs.refresh();
    await run.tick();
    expect(lost('vhost_ring_full')).toEqual([['bridged', 7n]]);
  });

  it('of a port whose counters were seen to fall are unknown over that refresh, though they rose', async () => {
    model.pass('uplink0', 'vhu1', 50, 500);
    await open();
    await ovs.refresh();
    await run.ticks(5);
    model.port('vhu1').reset();
    model.pass('uplink0', 'vhu1', 5, 600);
    await run.tick();
    await ovs.refresh();
    await run.tick();
    model.pass('uplink0', 'vhu1', 5, 1);
    await run.ticks(4);
    await ovs.refresh();
    await run.tick();
    expect(lost('vhost_ring_full')).toEqual([
      ['unknown', null],
      ['bridged', 1n],
    ]);
  });
});

describe('packets to guests that are away', () => {
  it('are counted by what the threads handed out and no port took', async () => {
    await open();
    await run.until(4);
    model.port('vhu2').leave();
    await run.tick();
    await run.until(1);
    for (let i = 0; i < 20; i++) {
      model.pass('uplink0', 'vhu1', 90, 10);
      model.pass('uplink0', 'vhu2', 25);
      await run.tick();
    }
    await run.until(3);
    const down = run.cause('netdev@ovs-netdev', 'vhost_down');
    expect(sum(down.map(([, , , packets]) => packets))).toBe(500n);
    const { unread, residual } = run.ledger().at(-1) ?? {};
    expect([unread, residual]).toEqual([1, 0n]);
    expect(sum(run.ledger().map((row) => row.residual))).toBe(500n);
  });
});
