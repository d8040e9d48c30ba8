import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Agent } from '../../collector/agent.ts';
import { EthdevOwners } from '../../collector/ethdev-owners.ts';
import { ProcessorThreads } from '../../collector/processor-threads.ts';
import { nothingKept } from '../../collector/resume.ts';
import { sources } from '../../collector/sources/index.ts';
import { QemuGuestFinder } from '../../collector/sources/vring/qemu-guests.ts';
import { VhostSockets } from '../../collector/vhost-sockets.ts';
import type { Kind, RowOf } from '../../core/catalogue/columns.ts';
import { event } from '../../core/catalogue/kinds.ts';
import { vringRun, vringSlot } from '../../core/catalogue/ring-kinds.ts';
import { threadSlot, threadStall } from '../../core/catalogue/thread-kinds.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { BlockReader } from '../../core/wire/block-reader.ts';
import { decodeMessage, type Message } from '../../core/wire/message.ts';
import { openNative } from '../../native/open.ts';
import type { Explanation } from '../../server/api/schema/explain.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { monitorCommand } from '../lab/monitor-command.ts';
import { skipWithoutMachine } from '../lab/presence.ts';
import { startProduct } from '../lab/product.ts';
import type { QemuGuest } from '../lab/qemu-guest.ts';
import { iso, nextBoundary, ProductApi } from './product-api.ts';

const wait = { timeout: 30_000, interval: 50 };
const size = { toGuest: 1024, fromGuest: 256 } as const;
/** Its kernel gives buffers back so many at a time. */
const batch = 64;
const port = 'vm1';

describe.skipIf(skipWithoutMachine)('a real virtual machine (skipped without root, OVS-DPDK and QEMU)', () => {
  const messages: Message[] = [];
  const { facade: native } = openNative();
  let lab: Lab;
  let machine: QemuGuest;
  let agent: Agent | undefined;

  function rows<K extends Kind>(kind: K): RowOf<K>[] {
    const reader = new BlockReader(kind);
    return messages
      .flatMap(({ blocks }) => blocks.filter((block) => block.kind === kind.name))
      .flatMap((block) => reader.rows(block));
  }
  const slots = (direction: 'toGuest' | 'fromGuest', from = 0) =>
    rows(vringSlot).filter((row) => row.port === port && row.direction === direction && row.slot >= from);
  const newest = () => Math.max(0, ...slots('toGuest').map(({ slot }) => slot));
  const dropped = async () => (await lab.ovs.counts()).get(port)?.txDropped ?? 0n;
  /** The second in which the rings were let go last: the last one with samples. */
  const goneAt = () => Number((events('vring_let_go').at(-1)?.at ?? 0n) / 1000n);
  const events = (what: string) => rows(event).filter((row) => row.event === what && row.object.startsWith(port));
  const send = (pps: number, count?: number) =>
    lab.guest('vhu1').start({ pps, burst: 8, destination: machine.address, ...(count === undefined ? {} : { count }) });
  /** What was told of rings since `mark`: seen again, after they were let go. */
  const mark = () => ({ seen: events('vring_seen').length, gone: events('vring_let_go').length });
  const untilGone = ({ gone }: ReturnType<typeof mark>) =>
    vi.waitFor(() => expect(events('vring_let_go').length).toBe(gone + 2), wait);
  const untilBack = ({ seen }: ReturnType<typeof mark>) =>
    vi.waitFor(() => expect(events('vring_seen').length).toBe(seen + 2), wait);

  /** SIGSTOP of the whole process: its processors stand, and nobody inside can tell. */
  async function stopFor(ms: number): Promise<void> {
    await machine.process?.pause();
    await delay(ms);
    machine.process?.signal('SIGCONT');
  }

  beforeAll(async () => {
    lab = await startLab({ guests: 1, uplinkQueues: 0, machineQueues: 1 });
    if (lab.machine === undefined) throw new TypeError('the lab has no virtual machine');
    machine = lab.machine;
  }, 180_000);

  afterAll(async () => {
    await agent?.stop();
    native.close();
    await lab?.stop();
  }, 60_000);

  it('whose processor was stopped under load: the provider’s, with the stop as evidence', async () => {
    const { process: product, url } = await startProduct(lab, lab.state, 0, AbortSignal.timeout(60_000));
    try {
      const api = new ProductApi(url);
      const isTold = ({ items }: { items: readonly { port: string }[] }) => items.some((item) => item.port === port);
      await api.until(`ports?host=${api.host}`, isTold, 60_000);
      const from = await nextBoundary();
      const before = await dropped();
      await send(2_500);
      // The switch tells causes every five seconds: the first of them of all the time before.
      await delay(7_000);
      await stopFor(800);
      await delay(1_000);
      await lab.guest('vhu1').stop();
      const to = (await nextBoundary()) + 8;
      const asked = `explain?host=${api.host}&port=${port}&from=${iso(from)}&to=${iso(to)}`;
      const told = await api.until<Explanation>(
        asked,
        ({ items }) => items.length > 0 && items.every((row) => row.told !== null),
        60_000,
      );
      const lost = (await dropped()) - before;
      expect(lost).toBeGreaterThan(0n);
      expect(told.packets).toEqual({ provider: String(lost), tenant: '0', contract: '0', unknown: '0' });
      expect(told.items.map((row) => [row.cause, row.told?.rule, row.told?.facts['kind']])).toEqual([
        ['vhost_ring_full', 'ringFull', 'stopped'],
      ]);
    } finally {
      await lab.guest('vhu1').stop();
      await product.stop(10_000);
    }
  });

  it('another client has a monitor: said so, and not waited for', async () => {
    const other = connect(machine.qmpSocket);
    const finder = new QemuGuestFinder({
      ...{ procRoot: '/proc', monitors: [machine.qmpSocket], sockets: new VhostSockets() },
      processorThreads: new ProcessorThreads(),
    });
    try {
      await once(other, 'data');
      const before = performance.now();
      await finder.refresh(1000, new AbortController().signal);
      expect(performance.now() - before).toBeLessThan(1500);
      const isSaid = () => expect(finder.find(1000).refusals[0]?.why).toContain('another client has this monitor');
      await vi.waitFor(isSaid, wait);
    } finally {
      other.destroy();
      finder.close();
    }
  });

  it('its rings and threads are told while it is asked each second, and no packet notices', async () => {
    agent = startAgent();
    await agent.start();
    await vi.waitFor(() => expect(slots('toGuest').length).toBeGreaterThan(1), wait);
    for (const direction of ['toGuest', 'fromGuest'] as const) {
      const row = slots(direction).at(-1);
      const shape = { queue: 0, size: size[direction], witness: 'vhostQueueStatus', layout: 'split' };
      expect(row).toMatchObject({ ...shape, suspectSamples: 0, fullNs: 0n });
      expect(row?.fillMax).toBeLessThan(batch);
      expect(row?.samples).toBeGreaterThan(100);
    }
    const details = events('vring_seen').map(({ detail }) => JSON.parse(detail));
    expect(details).toEqual([
      { guest: port, size: size.toGuest, way: 'mapped' },
      { guest: port, size: size.fromGuest, way: 'mapped' },
    ]);
    const processors = rows(threadSlot).filter(({ owner, role }) => owner === port && role === 'vcpu');
    expect(new Set(processors.map(({ name }) => name))).toEqual(new Set(['CPU 0/TCG']));

    const before = (await lab.ovs.counts()).get(port);
    await send(2_000, 10_000);
    await lab.settle();
    const after = (await lab.ovs.counts()).get(port);
    expect((after?.txPackets ?? 0n) - (before?.txPackets ?? 0n)).toBe(10_000n);
    expect(after?.txDropped).toBe(before?.txDropped);
    await vi.waitFor(() => expect(slots('toGuest').at(-1)?.fillMax).toBeLessThan(batch), wait);
    // Since the port was made: nobody asked the ring to stop.
    expect(switchLog()).toContain('has been added');
    expect(switchLog()).not.toContain('has been removed');
  });

  it('a stop of its processor is a stall, and a run of its full ring', async () => {
    const from = newest();
    await send(2_500);
    await vi.waitFor(() => expect(newest()).toBeGreaterThan(from + 1), wait);
    await stopFor(800);
    const stall = () =>
      rows(threadStall).find((row) => row.owner === port && row.stall === 'stopped' && row.role === 'vcpu');
    const run = () =>
      rows(vringRun).find((row) => row.port === port && row.direction === 'toGuest' && row.slot >= from);
    await vi.waitFor(() => expect([stall() !== undefined, run() !== undefined]).toEqual([true, true]), wait);
    await lab.guest('vhu1').stop();
    const second = 1_000_000_000n;
    const runFrom = BigInt(run()?.slot ?? 0) * second + (run()?.fromNs ?? 0n);
    expect(runFrom).toBeGreaterThan(stall()?.fromNs ?? 0n);
    expect(runFrom).toBeLessThan(stall()?.toNs ?? 0n);
  });

  it('its rings are let go when it is reset, and found anew', async () => {
    const then = mark();
    await monitorCommand(machine.labSocket, 'system_reset');
    await untilGone(then);
    await machine.untilUp(2);
    await untilBack(then);
    await vi.waitFor(() => expect(slots('fromGuest').at(-1)).toMatchObject({ suspectSamples: 0 }), wait);
  });

  it('the question that is never asked stops its ring, and its port goes down: hence the list', async () => {
    const then = mark();
    const device = { path: '/machine/peripheral/nic0/virtio-backend', queue: 0 };
    const removed = () => switchLog().split('has been removed').length;
    const before = removed();
    await monitorCommand(machine.labSocket, 'x-query-virtio-queue-status', device);
    await vi.waitFor(() => expect(removed()).toBeGreaterThan(before), wait);
    await untilGone(then);
    // A pause takes the device from the switch, and gives it back.
    for (const command of ['stop', 'cont']) await monitorCommand(machine.labSocket, command);
    await untilBack(then);
  });

  it('and for as long as it migrates, or has gone to another host', async () => {
    const then = mark();
    await monitorCommand(machine.labSocket, 'migrate', { uri: 'exec:cat >/dev/null' });
    await untilGone(then);
    await vi.waitFor(async () => {
      expect(await monitorCommand(machine.labSocket, 'query-status')).toMatchObject({ status: 'postmigrate' });
    }, wait);
    await delay(3_000);
    expect(newest()).toBeLessThanOrEqual(goneAt());
    expect(mark().seen).toBe(then.seen);
    // It stays after all.
    await monitorCommand(machine.labSocket, 'cont');
    await untilBack(then);
  });

  it('kill -9 under load takes its rings with it, and nothing else', async () => {
    const then = mark();
    await send(2_500);
    await machine.kill();
    await untilGone(then);
    const ticks = messages.length;
    await vi.waitFor(() => expect(messages.length).toBeGreaterThan(ticks + 3), wait);
    await lab.guest('vhu1').stop();
    expect(newest()).toBeLessThanOrEqual(goneAt());
    expect(rows(event).filter((row) => row.event === 'vring_ended' && row.detail.includes('faulted'))).toEqual([]);
    expect(rows(vringRun).filter((row) => row.port === port && row.slot > goneAt())).toEqual([]);
  });

  function switchLog(): string {
    return readFileSync(join(lab.folder, 'log/ovs-vswitchd-dpdk.log'), 'utf8')
      .split('\n')
      .filter((line) => line.includes(machine.socket))
      .join('\n');
  }

  function startAgent(): Agent {
    const environment = {
      ...{ native, place: 'boot net', procRoot: '/proc', stallHz: 25, ovsRunDir: lab.ovs.runDir },
      ...{ dpdkRuntimeDirs: [lab.dpdkRuntimeDir], qemuMonitors: [machine.qmpSocket] },
      ...{ ethdevOwners: new EthdevOwners(), vhostSockets: new VhostSockets() },
      processorThreads: new ProcessorThreads(),
    };
    const names = ['ovs', 'thread', 'vring'];
    return new Agent({
      ...{ host: 'cn1', bootId: 'boot', logger: silentLogger, sourceDeadlineMs: 900, readResumed: nothingKept },
      sources: names.flatMap((name) => sources[name]?.(environment) ?? []),
      sink: {
        append: async (_, value) => {
          messages.push(decodeMessage(value));
          return { partition: 0, offset: 0n };
        },
      },
      clock: {
        read: () => {
          const [wallNs, monoNs] = native.clocks();
          return { wallNs, monoNs };
        },
        sleep: sleepMs,
      },
    });
  }
});
