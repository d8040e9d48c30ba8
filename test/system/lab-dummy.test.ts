import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDummyLab } from '../lab/lab.ts';

type Dummy = Awaited<ReturnType<typeof startDummyLab>>;
let dummy: Dummy;

beforeAll(async () => {
  dummy = await startDummyLab();
}, 60_000);
afterAll(() => dummy?.stop());

// An Ethernet frame of type 0x1234.
const packet = `50540000000a50540000000b1234${'00'.repeat(46)}`;

describe("Open vSwitch's dummy datapath, without root", () => {
  it('counts what arrives at a dummy port and where it went', async () => {
    await dummy.ovs.addPorts([{ name: 'p1' }, { name: 'p2' }]);
    await dummy.ovs.ofctl('add-flow', dummy.ovs.bridge, 'in_port=p1,actions=output:p2');
    for (let sent = 0; sent < 5; sent++) await dummy.ovs.receive('p1', packet);
    const shown = await dummy.ovs.untilAnswers('the packets are counted', 10_000, async () => {
      const text = await dummy.ovs.appctl('dpctl/show', '-s');
      return /p1 \(dummy\)\s+RX packets:5 /.test(text) ? text : undefined;
    });
    expect(shown).toMatch(/p2 \(dummy\)\s+RX packets:0 .*\s+TX packets:5 /);
  });

  it.each([
    ['a space', 'two words'],
    ['unicode', 'порт-é-口'],
    ['200 characters', 'n'.repeat(200)],
  ])('takes a port name with %s', async (_what, name) => {
    await dummy.ovs.addPorts([{ name }]);
    expect(await dummy.ovs.appctl('dpctl/show')).toContain(`: ${name} (dummy)`);
    await dummy.ovs.deletePort(name);
    expect(await dummy.ovs.appctl('dpctl/show')).not.toContain(`: ${name} (dummy)`);
  });

  it('holds 1,000 ports', async () => {
    await dummy.ovs.addPorts(Array.from({ length: 1000 }, (_, index) => ({ name: `d${index}` })));
    const ports = (await dummy.ovs.appctl('dpctl/show')).match(/: d\d+ \(dummy\)$/gm);
    expect(ports).toHaveLength(1000);
  });
});
