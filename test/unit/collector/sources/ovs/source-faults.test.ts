import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pmdSlot } from '../../../../../core/catalogue/datapath-kinds.ts';
import { event, portSlot } from '../../../../../core/catalogue/kinds.ts';
import { FakeOvs } from './fake-ovs.ts';
import { FakeSwitch } from './fake-switch.ts';
import { answer, type Question } from './scripted-server.ts';
import { SourceRun, sum } from './source-run.ts';

let model: FakeSwitch;
let ovs: FakeOvs;
let run: SourceRun;

beforeEach(() => {
  model = new FakeSwitch();
  model.add('uplink0', 'dpdk');
  model.add('vhu1');
  model.add('vhu2');
  ovs = new FakeOvs(model);
  run = new SourceRun(ovs);
});
afterEach(async () => {
  await run.stop();
  await ovs.stop();
});

async function open(): Promise<void> {
  await ovs.startDatabase();
  await ovs.startDaemon();
  await run.open();
  await run.tick();
}

/** 100 packets, 10 of them lost, and the tick after them. */
async function busy(ticks = 1, options: { keep?: boolean } = {}): Promise<string[]> {
  const outcomes: string[] = [];
  for (let i = 0; i < ticks; i++) {
    model.pass('uplink0', 'vhu1', 90, 10);
    outcomes.push((await run.tick(options)).outcome);
  }
  return outcomes;
}

const totals = () => [run.known('ovs:uplink0', 'rx'), run.known('vhu1', 'toGuest')];
/** What so many busy ticks come to. */
const totalsOf = (ticks: number) => [
  [BigInt(ticks * 100), 0n],
  [BigInt(ticks * 90), BigInt(ticks * 10)],
];

describe('without an Open vSwitch', () => {
  it('there is nothing to read, and nothing wrong', async () => {
    expect((await run.tick()).outcome).toBe('absent');
    await open();
    expect(await busy()).toEqual(['ok']);
  });

  it('the daemon alone may be away', async () => {
    await ovs.startDatabase();
    expect((await run.tick()).outcome).toBe('FN_OVS_AWAY');
    await ovs.synced();
    await ovs.startDaemon();
    await run.tick();
    await busy(3);
    expect(totals()).toEqual(totalsOf(3));
  });

  it('a socket that nobody listens to is a daemon that is away', async () => {
    await open();
    await ovs.daemon?.die();
    writeFileSync(path.join(ovs.runDir, `ovs-vswitchd.${ovs.pid}.ctl`), '');
    expect((await run.tick()).outcome).toBe('FN_OVS_AWAY');
  });

  it('the daemon is read without the database when that does not come within ten ticks', async () => {
    await ovs.startDaemon();
    for (let i = 0; i < 10; i++) expect((await run.tick()).asked).toEqual([]);
    await run.tick();
    await busy(2);
    expect(totals()).toEqual(totalsOf(2));
  });
});

describe('a daemon that stands still', () => {
  it('for 2.7 s costs those ticks, whose sum is exact afterwards; no late answer is used', async () => {
    await open();
    await busy(3);
    const held: Question[] = [];
    ovs.instead.set('dpctl/show', (question) => held.push(question));
    expect(await busy(2)).toEqual(['FN_OVS_AWAY', 'FN_OVS_AWAY']);
    // The one question that it found is answered by what it knew then.
    expect(held).toHaveLength(1);
    ovs.instead.clear();
    answer(held[0] as Question, ovs.report('dpctl/show', ['-s']));
    expect(await busy(3)).toEqual(['ok', 'ok', 'ok']);
    expect(totals()).toEqual(totalsOf(8));
    expect(run.portRows('ovs:uplink0', 'rx').filter(([, , state]) => state !== 'observed')).toEqual([
      [5, 3, 'bridged', 300n],
    ]);
  });

  it('beyond three ticks is connected to anew, and is the same daemon still', async () => {
    await open();
    await busy(2);
    ovs.instead.set('dpctl/show', () => undefined);
    expect(await busy(3)).toEqual(['FN_OVS_AWAY', 'FN_OVS_AWAY', 'FN_OVS_AWAY']);
    ovs.instead.clear();
    await busy(3);
    expect(ovs.daemon?.connections).toBe(2);
    expect(totals()).toEqual(totalsOf(8));
    expect(run.events()).toEqual([]);
    expect(run.portRows('ovs:uplink0', 'rx').every(([, , state]) => state !== 'unknown')).toBe(true);
  });

  it('at a question beside that for ports costs no tick', async () => {
    await open();
    await run.until(2);
    const before = run.second;
    const held: Question[] = [];
    ovs.instead.set('dpif-netdev/pmd-perf-show', (question) => held.push(question));
    expect(await busy(1)).toEqual(['ok']);
    ovs.instead.clear();
    answer(held[0] as Question, model.perf());
    await busy(2);
    expect(run.known('ovs:uplink0', 'rx')).toEqual([300n, 0n]);
    expect(run.portRows('ovs:uplink0', 'rx').at(-1)).toEqual([before + 2, 1, 'observed', 100n]);
    expect(run.rows(pmdSlot)).toEqual([]);
  });

  it('after it answered for the ports gets only the rest of the time of that second', async () => {
    await open();
    await run.until(2);
    ovs.instead.set('dpctl/show', (question) => {
      run.clock.advance(350);
      answer(question, ovs.report('dpctl/show', ['-s']));
    });
    ovs.instead.set('dpif-netdev/pmd-perf-show', () => undefined);
    const began = performance.now();
    expect(await busy(1)).toEqual(['ok']);
    expect(performance.now() - began).toBeLessThan(400);
  });
});

describe('a daemon that was started again', () => {
  it('counts anew: the slots across its end are unknown, nothing is negative or giant', async () => {
    await open();
    await busy(3);
    await ovs.killDaemon();
    model.restart();
    expect((await run.tick()).outcome).toBe('FN_OVS_AWAY');
    await ovs.startDaemon(200);
    model.pass('uplink0', 'vhu1', 5000, 0);
    await run.tick();
    await busy(3);
    expect(totals()).toEqual(totalsOf(6));
    expect(run.portRows('ovs:uplink0', 'rx').filter(([, , state]) => state === 'unknown')).toEqual([
      [5, 2, 'unknown', null],
    ]);
    expect(run.ledger().filter(({ residual }) => residual === null)).toMatchObject([{ slot: 5, slots: 2 }]);
  });

  it.each([
    ['the tick that found it was kept', true],
    ['the tick that found it was refused', false],
  ])('is told once, when %s', async (_what, keep) => {
    await open();
    await busy();
    await ovs.killDaemon();
    model.restart();
    await ovs.startDaemon(200);
    await busy(1, { keep });
    await busy(2);
    expect(run.events().filter((what) => what.startsWith('vswitchd'))).toEqual(['vswitchd_restarted ovs']);
    const [told] = run.rows(event).filter((row) => row.event === 'vswitchd_restarted');
    expect(JSON.parse(told?.detail ?? '')).toEqual({ pid: 200, before: 100 });
  });

  it('is told although it stood still at first', async () => {
    await open();
    await busy();
    await ovs.killDaemon();
    model.restart();
    await ovs.startDaemon(200);
    const held: Question[] = [];
    ovs.instead.set('dpctl/show', (question) => held.push(question));
    expect(await busy()).toEqual(['FN_OVS_AWAY']);
    ovs.instead.clear();
    answer(held[0] as Question, ovs.report('dpctl/show', ['-s']));
    await busy(2);
    expect(run.events()).toContain('vswitchd_restarted ovs');
  });
});

describe('a database that was started again', () => {
  it('is read anew; ports and their counters go on meanwhile', async () => {
    await open();
    await busy(2);
    await ovs.killDatabase();
    expect(await busy(2)).toEqual(['ok', 'ok']);
    await ovs.startDatabase();
    await ovs.synced();
    await busy(2);
    expect(totals()).toEqual(totalsOf(6));
    expect(run.portRows('ovs:uplink0', 'rx').every(([, , state]) => state === 'observed')).toBe(true);
    expect(run.events()).toEqual([]);
  });

  it('is said not to be read meanwhile: its settings may be others by now', async () => {
    await open();
    await busy(2);
    expect(run.facts().get('ovs.settings')).toBe('read');
    await ovs.killDatabase();
    const isUnread = async () => {
      await busy(1);
      expect(run.facts().get('ovs.settings')).toBe('unread');
    };
    await vi.waitFor(isUnread, { timeout: 10_000, interval: 1 });
  });
});

describe('a damaged answer', () => {
  const whole = (question: Question) => JSON.stringify({ id: question.id, error: null, result: model.show(true) });

  it.each([
    ['cut in the middle of the message', (q: Question) => q.socket.end(whole(q).slice(0, 100)), 'FN_OVS_AWAY'],
    ['no JSON', (q: Question) => q.socket.write('{"id": nonsense}'), 'FN_OVS_REPLY'],
    ['no text', (q: Question) => answer(q, { ports: 3 }), 'FN_OVS_REPLY'],
    ['an error', (q: Question) => answer(q, null, 'no such command'), 'FN_OVS_REPLY'],
    ['of another question', (q: Question) => q.socket.write('{"id":99,"result":"","error":null}'), 'FN_OVS_REPLY'],
    ['the end of the connection', (q: Question) => q.socket.destroy(), 'FN_OVS_AWAY'],
  ])('that is %s costs its tick, and the next one is exact', async (_what, damage, code) => {
    await open();
    await busy(2);
    ovs.instead.set('dpctl/show', damage);
    expect(await busy(1)).toEqual([code]);
    ovs.instead.clear();
    expect(await busy(2)).toEqual(['ok', 'ok']);
    expect(totals()).toEqual(totalsOf(5));
  });

  it('larger than 16 MiB ends the connection, and the next tick is exact', async () => {
    await open();
    await busy(2);
    const closed = Promise.withResolvers<void>();
    ovs.instead.set('dpctl/show', ({ socket }) => {
      socket.on('close', () => closed.resolve());
      socket.write(`{"x":"${'y'.repeat(17 * 2 ** 20)}`);
    });
    // On a busy machine the time of the tick is over before so much has been read.
    expect(['FN_OVS_REPLY', 'FN_OVS_AWAY']).toContain((await busy(1))[0]);
    await closed.promise;
    ovs.instead.clear();
    expect(await busy(2)).toEqual(['ok', 'ok']);
    expect(totals()).toEqual(totalsOf(5));
  });

  it('that ends in the middle of the ports leaves those behind it unread, and no sum without them', async () => {
    await open();
    await busy(2);
    ovs.instead.set('dpctl/show', (question) => answer(question, model.show(true).split('  port 2')[0]));
    expect(await busy(1)).toEqual(['ok']);
    ovs.instead.clear();
    await busy(3);
    expect(totals()).toEqual(totalsOf(6));
    const residuals = run.ledger().map(({ residual }) => residual);
    // Without two of its ports, and with them again; neither can be told from packets that were lost.
    expect(residuals).toEqual([0n, 0n, null, null, 0n, 0n]);
  });

  it('whose lookups cannot be read leaves no sum that misses its packets', async () => {
    await open();
    await busy(2);
    ovs.instead.set('dpctl/show', (question) => answer(question, model.show(true).replace('lookups:', 'look-ups:')));
    await busy(1);
    ovs.instead.clear();
    await busy(2);
    expect(totals()).toEqual(totalsOf(5));
    const ledger = run.ledger().map(({ slots, inPackets }) => [slots, inPackets]);
    expect(ledger).toEqual([
      [1, 100n],
      [1, 100n],
      [2, null],
      [1, 100n],
    ]);
  });

  it('lines that are not known are passed over', async () => {
    await open();
    model.unknown = '  weather: fine\n  masks: hit:3 total:1 hit/pkt:1.00\n';
    await busy(3);
    expect(totals()).toEqual(totalsOf(3));
  });

  it.each(['version', 'dpctl/dump-flows', 'dpif-netdev/pmd-perf-show', 'dpif-netdev/pmd-rxq-show', 'coverage/show'])(
    'to %s costs no port',
    async (command) => {
      await ovs.startDatabase();
      await ovs.startDaemon();
      await run.open();
      ovs.instead.set(command, (question) => answer(question, 'pmd thread numa_id 0 core_id\nufid:\u0000 total: 9'));
      await ovs.refresh();
      await run.tick();
      await busy(10);
      if (command !== 'version') expect(totals()).toEqual(totalsOf(10));
      ovs.instead.set(command, (question) => answer(question, null, 'unknown command'));
      expect(new Set(await busy(10))).toEqual(new Set(['ok']));
    },
  );
});

describe('a port', () => {
  it('that is deleted while it is read is gone, once, with its facts', async () => {
    await open();
    await busy(12);
    const port = model.port('vhu2');
    model.remove(port);
    await busy(1);
    await ovs.forget(port);
    await busy(3);
    expect(run.events()).toEqual(['port_gone vhu2']);
    expect(run.facts().get('port.vhu2.type')).toBe('');
    expect(run.facts().get('port.vhu1.type')).toBe('dpdkvhostuserclient');
    expect(totals()).toEqual(totalsOf(16));
    expect(run.ledger().filter(({ residual }) => residual === null)).toHaveLength(1);
  });

  it('that was made anew under its name begins a life of its own', async () => {
    await open();
    model.pass('uplink0', 'vhu2', 10);
    await busy(2);
    const port = model.port('vhu2');
    model.remove(port);
    await ovs.forget(port);
    await ovs.tell(model.add('vhu2'));
    model.pass('uplink0', 'vhu2', 7000);
    await busy(1);
    model.pass('uplink0', 'vhu2', 5);
    await busy(1);
    expect(run.known('vhu2', 'toGuest')).toEqual([15n, 0n]);
    expect(run.events()).toContain('port_recreated vhu2');
  });

  it('with no other counters than zero joins the sums without a gap', async () => {
    await open();
    await busy(2);
    await ovs.tell(model.add('vhu9'));
    await busy(1);
    model.pass('uplink0', 'vhu9', 44);
    await busy(1);
    expect(run.known('vhu9', 'toGuest')).toEqual([44n, 0n]);
    expect(run.ledger().map(({ residual }) => residual)).toEqual([0n, 0n, 0n, 0n]);
  });

  it.each([
    ['fewer', 4],
    ['as many', 10],
    ['more', 60],
  ])('whose guest comes back with %s packets than it left with lost count of some', async (_what, packets) => {
    await open();
    model.pass('uplink0', 'vhu2', 10);
    await busy(2);
    model.port('vhu2').leave();
    await busy(2);
    model.port('vhu2').return();
    model.pass('uplink0', 'vhu2', packets);
    await busy(1);
    model.pass('uplink0', 'vhu2', 5);
    await busy(1);
    expect(run.known('vhu2', 'toGuest')).toEqual([15n, 0n]);
    expect(run.portRows('vhu2', 'toGuest').filter(([, , state]) => state === 'unknown')).toEqual([
      [4, 3, 'unknown', null],
    ]);
    expect(totals()[1]).toEqual(totalsOf(6)[1]);
  });

  it('is in no row twice in a tick', async () => {
    await open();
    await busy(3);
    const keys = run.rows(portSlot).map(({ port, direction, slot }) => `${port} ${direction} ${slot}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(sum(run.rows(portSlot).map(({ packetsInc }) => packetsInc))).toBe(570n);
  });
});
