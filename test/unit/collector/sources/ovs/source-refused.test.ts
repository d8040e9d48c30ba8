import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replicaSlot } from '../../../../../core/catalogue/datapath-kinds.ts';
import { dropSlot, xstatSlot } from '../../../../../core/catalogue/kinds.ts';
import { FakeOvs } from './fake-ovs.ts';
import { FakeSwitch } from './fake-switch.ts';
import { SourceRun, sum } from './source-run.ts';

let model: FakeSwitch;
let ovs: FakeOvs;
let run: SourceRun;

beforeEach(async () => {
  model = new FakeSwitch();
  model.add('uplink0', 'dpdk');
  model.add('vhu1');
  ovs = new FakeOvs(model);
  run = new SourceRun(ovs);
  await ovs.startDatabase();
  await ovs.startDaemon();
  await run.open();
  await run.tick();
});
afterEach(async () => {
  await run.stop();
  await ovs.stop();
});

const known = (rows: readonly { packetsInc: bigint | null }[]) => sum(rows.map(({ packetsInc }) => packetsInc));
const dropsOf = (port: string) => run.rows(dropSlot).filter((row) => row.port === port);

describe('ticks that the bus refuses', () => {
  it('are bridged by the next one: nothing is lost or doubled', async () => {
    for (let i = 0; i < 12; i++) {
      model.pass('uplink0', 'vhu1', 90, 10);
      if (i % 5 === 1) await ovs.refresh();
      await run.tick({ keep: i % 3 === 2 });
    }
    expect(run.known('vhu1', 'toGuest')).toEqual([1080n, 120n]);
    expect(run.ledger().map(({ slots, inPackets, residual }) => [slots, inPackets, residual])).toEqual(
      Array.from({ length: 4 }, () => [3, 300n, 0n]),
    );
  });

  it('in which statistics were told are told those again', async () => {
    await ovs.refresh();
    await run.tick();
    model.pass('uplink0', 'vhu1', 0, 40);
    await ovs.refresh();
    await run.tick({ keep: false });
    await run.tick({ keep: false });
    expect(dropsOf('vhu1')).toEqual([]);
    await run.tick();
    expect(run.cause('vhu1', 'vhost_ring_full').map(([, , state, lost]) => [state, lost])).toEqual([['observed', 40n]]);
  });

  it('in which statistics of a new port were told count it from zero all the same', async () => {
    await ovs.refresh();
    await run.tick();
    const port = model.add('vhu9');
    await ovs.tell(port);
    await run.tick();
    await run.ticks(3);
    model.pass('uplink0', 'vhu9', 0, 25);
    await ovs.refresh();
    await run.tick({ keep: false });
    await run.tick();
    expect(known(dropsOf('vhu9'))).toBe(25n);
  });

  it('in which statistics were told after a reset do not hide that', async () => {
    model.pass('uplink0', 'vhu1', 50, 10);
    await ovs.refresh();
    await run.tick();
    model.port('vhu1').reset();
    model.pass('uplink0', 'vhu1', 1, 30);
    await run.tick();
    await ovs.refresh();
    await run.tick({ keep: false });
    await run.tick();
    expect(run.cause('vhu1', 'vhost_ring_full').map(([, , state, lost]) => [state, lost])).toEqual([['unknown', null]]);
  });

  it('in which all extended counters were to be written leave that to the next statistics', async () => {
    model.pass('uplink0', 'vhu1', 50, 10);
    await ovs.refresh();
    await run.tick({ keep: false });
    await run.tick();
    const first = run.rows(xstatSlot).length;
    await run.ticks(60);
    await ovs.refresh();
    model.pass('uplink0', 'vhu1', 1);
    await ovs.refresh();
    await run.tick({ keep: false });
    await run.tick();
    const names = run
      .rows(xstatSlot)
      .slice(first)
      .filter(({ port }) => port === 'ovs:uplink0');
    expect(new Set(names.map(({ name }) => name))).toContain('tx_errors');
  });

  it('in which a port came, or went, tell of it once', async () => {
    const port = model.add('vhu9');
    await ovs.tell(port);
    await run.tick({ keep: false });
    await run.tick();
    await run.tick();
    model.remove(port);
    await ovs.forget(port);
    await run.tick({ keep: false });
    await run.tick();
    await run.tick();
    expect(run.events()).toEqual(['port_seen vhu9', 'port_gone vhu9']);
  });

  it('leave what copies were uncertain to the row that covers them', async () => {
    const flow = (packets: number) =>
      `flow-dump from pmd on cpu core: 2\nufid:0facf029-2e57-4e19-8676-c5761d3fa673, recirc_id(0),in_port(1),eth_type(0x0800), packets:${packets}, bytes:64, used:0.001s, dp:ovs, actions:2,3`;
    model.flowLines = [flow(0)];
    await run.ticks(10);
    // 70 lookups hit flows that no dump shows.
    model.hit += 70n;
    await run.until(3);
    await run.tick({ keep: false });
    await run.ticks(5);
    const rows = run.rows(replicaSlot);
    expect(rows.at(-1)?.slots).toBe(10);
    expect(rows.at(-1)?.uncertain).toBe(70n);
  });
});
