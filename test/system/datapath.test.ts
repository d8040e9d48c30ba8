import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { RowOf } from '../../core/catalogue/columns.ts';
import { datapathSlot, pmdSlot, replicaSlot } from '../../core/catalogue/datapath-kinds.ts';
import { dropSlot, event, portSlot } from '../../core/catalogue/kinds.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { skipWithoutLab } from '../lab/presence.ts';
import { startProduct } from '../lab/product.ts';
import { until } from '../lab/waiting.ts';
import { proveBurst } from './datapath-burst.ts';
import { Gathering } from './gathering.ts';
import { ProductApi } from './product-api.ts';

const datapath = 'netdev@ovs-netdev';

/**
 * The collector on a real OVS-DPDK. Long forms, with kill -9 of everything, by hand: datapath-exactness.ts.
 */
describe.skipIf(skipWithoutLab)('a real datapath', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab();
  }, 120_000);
  afterAll(() => lab?.stop());

  /** Starts it, and waits until it has told of a first second whole. */
  async function hear(gathering: Gathering): Promise<void> {
    await gathering.start();
    await until({ what: 'the ledger has a row', deadlineMs: 20_000 }, () => gathering.rows(datapathSlot).length > 0);
    await untilTold(gathering);
  }

  async function deleteOwnRules(): Promise<void> {
    await lab.ovs.ofctl('del-flows', lab.ovs.bridge, 'cookie=0x30/-1');
  }

  /** Waits until flows and drops inside have been told of all seconds up to this one. */
  async function untilTold(running: Gathering): Promise<void> {
    const now = Math.floor(Date.now() / 1000);
    await until(
      { what: 'copies are told', deadlineMs: 20_000 },
      () => (running.rows(replicaSlot).at(-1)?.slot ?? 0) >= now,
    );
  }

  const sum = (values: readonly (bigint | null)[]) => values.reduce<bigint>((all, value) => all + (value ?? 0n), 0n);
  const unknownLedger = (rows: readonly RowOf<typeof datapathSlot>[]) =>
    rows.filter(({ residual }) => residual === null).length;

  test('three counts of a burst are equal, and the ledger balances in every second', async () => {
    const stop = new AbortController();
    const product = await startProduct(lab, lab.state, 0, stop.signal);
    onTestFinished(() => product.process.stop());
    let printed = '';
    const write = (line: string) => {
      printed += line;
    };
    const proof = { lab, api: new ProductApi(product.url), packets: 20_000, pps: 20_000, write };
    expect(await proveBurst(proof), printed).toBe(0);
  });

  describe('heard by one collector', () => {
    let running: Gathering;

    /** To hear, and to be told of stillness, takes longer than a test. */
    beforeAll(async () => {
      running = new Gathering(lab.ovs.runDir);
      await hear(running);
    });
    // Whatever passed in the test before has been told by its end.
    beforeEach(() => running.forget());
    afterAll(() => running?.stop());

    test('copies of flooding and of a mirror balance to the packet', async () => {
      await lab.ovs.addRule('cookie=0x30,priority=30,in_port=vhu2,actions=output:vhu1,output:vhu3,output:vhu4');
      await lab.ovs.addMirror('m1', 'vhu3', 'vhu1');
      onTestFinished(async () => {
        await lab.ovs.deleteMirrors();
        await deleteOwnRules();
      });
      const order = { pps: 5000, count: 7000, burst: 16 };
      await lab.guest('vhu2').start({ ...order, destination: lab.guest('vhu4').address, flows: 3 });
      await lab.guest('vhu3').start({ ...order, destination: lab.guest('vhu4').address });
      await lab.settle();
      await untilTold(running);
      const ledger = running.rows(datapathSlot);
      expect(unknownLedger(ledger)).toBe(0);
      expect(sum(ledger.map(({ inPackets }) => inPackets))).toBe(14_000n);
      const copies = sum(running.rows(replicaSlot).map(({ copiesInc }) => copiesInc));
      expect(copies).toBe(7000n * 2n + 7000n);
      expect(sum(ledger.map(({ residual }) => residual)) + copies).toBe(0n);
    });

    test('drops by a rule are told as policy, and leave nothing over', async () => {
      await lab.guest('vhu4').start({ pps: 5000, count: 3000, destination: '02:f9:00:00:00:77', flows: 2 });
      await lab.ovs.addRule('cookie=0x30,priority=30,in_port=vhu4,actions=drop');
      onTestFinished(deleteOwnRules);
      await lab.settle();
      await untilTold(running);
      const policy = running.rows(dropSlot).filter(({ port, cause }) => port === datapath && cause === 'policy');
      const dropped = sum(policy.map(({ packetsInc }) => packetsInc));
      expect(dropped).toBeGreaterThan(0n);
      expect(sum(running.rows(datapathSlot).map(({ residual }) => residual))).toBe(dropped);
    });

    test('each act that resets counters ends the life of those alone, and nothing is negative or giant', async () => {
      await lab.guest('vhu3').start({ pps: 5000, burst: 8, destination: lab.guest('vhu4').address });
      await untilTold(running);
      await lab.ovs.appctl('dpif-netdev/pmd-stats-clear');
      await untilTold(running);
      const cleared = running.rows(event).filter(({ object }) => object.startsWith('pmd_slot'));
      expect(cleared.map(({ event: what }) => what)).toContain('counter_reset');
      const ports = () => running.rows(portSlot).filter(({ port }) => /^vhu|^ovs:uplink/.test(port));
      expect(ports().filter(({ state }) => state === 'unknown')).toEqual([]);
      await lab.ovs.deletePort('vhu1');
      await lab.ovs.addPort(lab.guest('vhu1'));
      await lab.ovs.untilConnected();
      await untilTold(running);
      await lab.guest('vhu3').stop();
      await lab.settle();
      const others = ports().filter(({ port }) => port !== 'vhu1');
      expect(others.filter(({ state }) => state === 'unknown')).toEqual([]);
      expect(running.rows(event).some(({ object, event: what }) => object === 'vhu1' && what.startsWith('port_'))).toBe(
        true,
      );
      for (const { packetsInc, slots } of ports())
        expect(packetsInc ?? 0n).toBeLessThanOrEqual(BigInt(slots) * 10_000n);
      expect(running.rows(pmdSlot).length).toBeGreaterThan(0);
    });
  });

  test('packets to an absent guest are told as vhost_down, from the moment it is away', async () => {
    // This version would be harmed by the question while a guest is away; this lab ends before that matters.
    const running = new Gathering(lab.ovs.runDir, { mayAskForCounters: () => true });
    onTestFinished(() => running.stop());
    await hear(running);
    await lab.guest('vhu3').start({ pps: 5000, burst: 8, destination: lab.guest('vhu4').address });
    await untilTold(running);
    await lab.killGuest('vhu4');
    await until({ what: 'the ledger knows of it', deadlineMs: 20_000 }, () =>
      running.rows(datapathSlot).some(({ unread }) => unread === 1),
    );
    const leftSinceKnown = () => {
      const ledger = running.rows(datapathSlot);
      const since = ledger.findLastIndex(({ residual }) => residual === null);
      return sum(ledger.slice(since + 1).map(({ residual }) => residual));
    };
    await until({ what: 'packets are left over', deadlineMs: 30_000 }, () => leftSinceKnown() > 20_000n);
    await lab.guest('vhu3').stop();
    await lab.settle();
    await untilTold(running);
    expect(unknownLedger(running.rows(datapathSlot))).toBeGreaterThan(0);
    const left = leftSinceKnown();
    const down = running.rows(dropSlot).filter(({ port, cause }) => port === datapath && cause === 'vhost_down');
    const told = sum(down.map(({ packetsInc }) => packetsInc));
    // Short of the truth by no more than what passed while the two were read one after the other.
    expect(left).toBeGreaterThan(20_000n);
    expect(Number(left - told)).toBeGreaterThanOrEqual(0);
    expect(Number(left - told)).toBeLessThan(500);
    await lab.startGuest('vhu4');
  });
});
