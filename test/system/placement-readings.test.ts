import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { pmdSlot, rxqSlot } from '../../core/catalogue/datapath-kinds.ts';
import { hostFact, tick } from '../../core/catalogue/kinds.ts';
import { readReadings } from '../../server/remediation/advise/read-readings.ts';
import { diagnose } from '../../server/remediation/policy/diagnose.ts';
import { startDummyLab } from '../lab/lab.ts';
import { Gathering } from './gathering.ts';
import { insertRows, type OpenStore, openStore } from './store-fixture.ts';

/** What a real Open vSwitch tells of its queues, threads, settings and pins, through collector and store to a diagnosis. */

type Dummy = Awaited<ReturnType<typeof startDummyLab>>;
let dummy: Dummy;
let gathering: Gathering;
let store: OpenStore;

beforeAll(async () => {
  store = await openStore();
  dummy = await startDummyLab();
  const { ovs } = dummy;
  await ovs.addPorts(['p1', 'p2'].map((name) => ({ name, type: 'dummy-pmd', rxQueues: 2 })));
  const settings = ['pmd-cpu-mask=0x3', 'pmd-rxq-assign=group', 'pmd-rxq-isolate=false'];
  await ovs.vsctl('set', 'Open_vSwitch', '.', ...settings.map((setting) => `other_config:${setting}`));
  await ovs.vsctl('set', 'Open_vSwitch', '.', 'external_ids:tenant=other');
  await ovs.vsctl('set', 'Interface', 'p1', 'other_config:pmd-rxq-affinity="0:1"');
  gathering = new Gathering(ovs.runDir);
  await gathering.start();
}, 60_000);
afterAll(async () => {
  await gathering?.stop();
  await dummy?.stop();
  await store?.[Symbol.asyncDispose]();
});

it('pins, settings and shares of a real switch are what a diagnosis is made of', { timeout: 120_000 }, async () => {
  // NOT AVAIL at first; what is told within 10 s behind that does not count.
  const tellings = () => {
    const rows = gathering.rows(rxqSlot);
    const unknown = new Set(rows.filter(({ usagePpm }) => usagePpm === null).map(({ slot }) => slot));
    return new Set(rows.map(({ slot }) => slot).filter((slot) => !unknown.has(slot))).size;
  };
  await vi.waitFor(() => expect(tellings()).toBeGreaterThanOrEqual(6), { timeout: 90_000, interval: 1_000 });
  await insertRows(store, rxqSlot, gathering.rows(rxqSlot));
  await insertRows(store, pmdSlot, gathering.rows(pmdSlot));
  await insertRows(store, hostFact, gathering.rows(hostFact));
  await insertRows(store, tick, gathering.rows(tick));
  const [first] = gathering.rows(rxqSlot);
  const last = gathering.rows(tick).at(-1)?.slot ?? 0;
  const which = { host: first?.host ?? '', datapath: first?.datapath ?? '', at: last + 1, storedTo: last + 1 };
  const readings = await readReadings(
    { engine: store.engine },
    { ...which, burning: [], maintenance: [], fleet: { hosts: 1, burningHosts: 0 } },
  );
  expect(readings.settings).toMatchObject({
    isRead: true,
    isolate: 'false',
    assign: 'group',
    autoLb: null,
    // Told where nobody has set it, too: what is not told holds back.
    remediation: 'on',
    changed: [],
  });
  expect(readings.settings.version).toMatch(/^\d+\.\d+/);
  const pinned = readings.ports.map(({ port, type, affinity }) => ({ port, type, affinity }));
  expect(pinned).toContainEqual({ port: 'ovs:p1', type: 'dummy-pmd', affinity: '0:1' });
  expect(pinned).toContainEqual({ port: 'ovs:p2', type: 'dummy-pmd', affinity: null });
  expect(readings.queues.filter(({ port, queue, core }) => port === 'ovs:p1' && queue === 0 && core !== 1)).toEqual([]);
  expect(new Set(readings.threads.map(({ core }) => core))).toEqual(new Set([0, 1]));
  const { diagnosis, lacks, gates } = diagnose(readings);
  // All is known but what the kernel booked, which another source reads; and the switch has just been started.
  expect(diagnosis).toBe('unknown');
  expect(lacks).toEqual(['what others take from core 0', 'what others take from core 1']);
  const holding = gates.map(({ gate }) => gate);
  expect(holding).toContain('young');
  expect(holding).not.toContain('killSwitch');
});
