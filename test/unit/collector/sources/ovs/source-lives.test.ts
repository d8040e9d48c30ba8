import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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
  ovs = new FakeOvs(model);
  run = new SourceRun(ovs);
  await ovs.startDatabase();
  await ovs.startDaemon();
  await run.open();
  await ovs.refresh();
  await run.tick();
});
afterEach(async () => {
  await run.stop();
  await ovs.stop();
});

const full = () => run.cause('vhu1', 'vhost_ring_full').map(([, , state, lost]) => [state, lost]);
const fail = async (ticks: number) => {
  ovs.instead.set('dpctl/show', (question) => answer(question, null, 'busy'));
  await run.ticks(ticks);
  ovs.instead.clear();
};

describe('a daemon', () => {
  it('that took the pid of the one before it counts anew', async () => {
    model.pass('uplink0', 'vhu1', 10);
    await run.tick();
    const before = ovs.daemon;
    await ovs.killDaemon();
    model.restart();
    model.pass('uplink0', 'vhu1', 5000);
    await ovs.startDaemon(ovs.pid, 77_777);
    await run.tick();
    model.pass('uplink0', 'vhu1', 3);
    await run.tick();
    expect(ovs.daemon).not.toBe(before);
    expect(run.known('vhu1', 'toGuest')).toEqual([13n, 0n]);
    expect(run.portRows('vhu1', 'toGuest').map(([, , state]) => state)).toEqual(['observed', 'unknown', 'observed']);
  });

  it('that is another is not sent anything over the connection to the one before', async () => {
    const before = ovs.daemon;
    let closed = false;
    before?.questions.at(-1)?.socket.on('close', () => {
      closed = true;
    });
    // The one before lives on for a while, as in an upgrade.
    await ovs.startDaemon(200);
    const asked = before?.questions.length;
    await run.tick();
    expect(before?.questions.length).toBe(asked);
    await vi.waitFor(() => expect(closed).toBe(true));
    await before?.die();
  });

  it('that failed thrice is the same one still: what was seen of its ports is not forgotten', async () => {
    model.pass('uplink0', 'vhu1', 50, 10);
    await run.ticks(4);
    await ovs.refresh();
    await run.tick();
    model.port('vhu1').reset();
    model.pass('uplink0', 'vhu1', 1, 30);
    await run.tick();
    await fail(3);
    await run.tick();
    await ovs.synced();
    await ovs.refresh();
    await run.tick();
    expect(full()).toEqual([
      ['bridged', 10n],
      ['unknown', null],
    ]);
  });

  it('that was started again has none of the statistics that the one before wrote', async () => {
    model.pass('uplink0', 'vhu1', 5, 400);
    await ovs.refresh();
    await ovs.killDaemon();
    model.restart();
    await ovs.startDaemon(200);
    await run.ticks(3);
    model.pass('uplink0', 'vhu1', 5, 7);
    await run.ticks(3);
    await ovs.refresh();
    await run.tick();
    model.pass('uplink0', 'vhu1', 5, 8);
    await run.ticks(4);
    await ovs.refresh();
    await run.tick();
    const known = full().filter(([, lost]) => lost !== null);
    // Its ports were seen with nothing in them: all since is theirs.
    expect(known).toEqual([
      ['bridged', 7n],
      ['bridged', 8n],
    ]);
  });
});

describe('a port that came while it was watched', () => {
  it('is counted from zero, although the statistics of others were told before its own', async () => {
    const port = model.add('vhu9');
    await ovs.tell(port);
    await run.tick();
    await ovs.update({ [model.port('uplink0').uuid]: { modify: { statistics: ['map', [['rx_packets', 1]]] } } });
    await run.ticks(2);
    model.pass('uplink0', 'vhu9', 5, 25);
    await run.ticks(3);
    await ovs.refresh();
    await run.tick();
    expect(sum(run.cause('vhu9', 'vhost_ring_full').map(([, , , lost]) => lost))).toBe(25n);
  });

  it('and of which one direction cannot be read is in no sum', async () => {
    model.pass('uplink0', 'vhu1', 1);
    await run.tick();
    const port = model.add('dpdk9', 'dpdk');
    await ovs.tell(port);
    const blind = (text: string) => text.replace(/(dpdk9 [^\n]*\n[^\n]*\n +TX packets:0 errors:0 dropped:)0/, '$1?');
    ovs.instead.set('dpctl/show', (question) => answer(question, blind(model.show(true))));
    await run.ticks(2);
    expect(run.ledger().map(({ residual }) => residual)).toEqual([0n, null, null]);
  });
});
