import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProcessorThreads } from '../../../../../collector/processor-threads.ts';
import type { Found } from '../../../../../collector/sources/vring/finder.ts';
import { QemuGuestFinder } from '../../../../../collector/sources/vring/qemu-guests.ts';
import { netdevsOf } from '../../../../../collector/sources/vring/qemu-process.ts';
import { VhostSockets } from '../../../../../collector/vhost-sockets.ts';
import { type Asked, memoryAt, pid, ring, ScriptedQemu } from './scripted-qemu.ts';

let qemu: ScriptedQemu;
let finder: QemuGuestFinder;
let sockets: VhostSockets;
let threads: ProcessorThreads;
let now: number;

beforeEach(async () => {
  qemu = new ScriptedQemu();
  await qemu.listen();
  sockets = new VhostSockets();
  threads = new ProcessorThreads();
  now = 1000;
  finderOf([qemu.path]);
  belongsTo('vhu1');
});
afterEach(async () => {
  finder.close();
  await qemu[Symbol.asyncDispose]();
});

function finderOf(monitors: readonly string[]): void {
  finder = new QemuGuestFinder({ procRoot: qemu.procRoot, monitors, sockets, processorThreads: threads });
}

const belongsTo = (port: string, isConnected: boolean | undefined = true) =>
  sockets.tell(1, new Map([[qemu.vhost, { port, isConnected }]]));

/** A tick in which QEMU was heard to the end; `seconds` after the one before. */
async function tick(seconds = 1): Promise<void> {
  now += seconds;
  await finder.refresh(now, new AbortController().signal);
}

async function found(): Promise<Found> {
  await tick(5);
  return finder.find(now);
}

async function untilMigrating(...guests: readonly (readonly [string, string])[]): Promise<void> {
  await vi.waitFor(
    async () => {
      await tick(60);
      expect([...finder.migrating()]).toEqual(guests);
    },
    { timeout: 5000 },
  );
}

const whyNot = (result: Found) => result.refusals.map(({ guest, why }) => `${guest}: ${why}`).join('; ');
const ringsAsked = () => qemu.asked.filter(({ execute }) => execute === 'x-query-virtio-vhost-queue-status').length;

describe('finder of QEMU guests', () => {
  it('gives both rings of a guest with the file of its memory, under the port of its socket and the name of its threads', async () => {
    const { rings, refusals } = await found();
    expect(refusals).toEqual([]);
    expect(rings).toMatchObject([
      { port: 'vhu1', guest: 'vm1', direction: 'toGuest', queue: 0, size: 256, witness: 'vhostQueueStatus' },
      { port: 'vhu1', guest: 'vm1', direction: 'fromGuest', queue: 0, size: 256, queuesUnread: 0 },
    ]);
    const { avail, used } = ring(0);
    const at = { usedAddress: BigInt(used) + 2n, availAddress: BigInt(avail) + 2n };
    expect(rings[0]?.places).toMatchObject([
      { usedOffset: at.usedAddress - memoryAt, availOffset: at.availAddress - memoryAt, direction: 'toGuest' },
      { pid, ...at, size: 256 },
    ]);
    expect(threads.has(pid, '100', 4715)).toBe(true);
    expect(threads.has(pid, '101', 4715)).toBe(false);
  });

  it('asks for rings each second, and for all else every five', async () => {
    await found();
    qemu.asked.length = 0;
    await tick();
    const queue = 'x-query-virtio-vhost-queue-status';
    expect(qemu.asked.map(({ execute }) => execute)).toEqual(['query-status', 'query-migrate', queue, queue]);
    qemu.asked.length = 0;
    await tick(4);
    expect(qemu.asked.map(({ execute }) => execute)).toEqual([
      ...[
        'query-status',
        'query-migrate',
        'query-cpus-fast',
        'query-chardev',
        'x-query-virtio',
        'qom-get',
        queue,
        queue,
      ],
    ]);
  });

  it('asks nobody who was not named', async () => {
    finderOf([]);
    expect(await found()).toEqual({ rings: [], refusals: [] });
    finderOf([join(qemu.root, 'none')]);
    expect(await found()).toEqual({ rings: [], refusals: [] });
    expect(qemu.asked).toEqual([]);
    finderOf([qemu.root]);
    // The vhost-user socket of this guest is only a name in a list, so the monitor is the only socket in its folder.
    expect((await found()).rings).toHaveLength(2);
  });

  it.each<[string, () => void | Promise<void>]>([
    ...['RESET', 'STOP', 'SHUTDOWN', 'MIGRATION', 'DEVICE_DELETED'].map((name): [string, () => Promise<void>] => [
      `at ${name}, though the rings are found where they were`,
      async () => {
        qemu.event(name);
        await vi.waitFor(() => expect(finder.check(foundBefore).rings).toEqual([]));
      },
    ]),
    ['when the guest is paused', () => said('query-status', { running: false, status: 'paused' })],
    ['when it is about to leave', () => said('query-migrate', { status: 'setup' })],
    ['while it leaves', () => said('query-migrate', { status: 'active' })],
    ['when it has left', () => said('query-status', { running: false, status: 'postmigrate' })],
    ['while its memory comes after it', () => said('query-migrate', { status: 'postcopy-active' })],
    ['when its memory has not come', () => said('query-status', { running: false, status: 'inmigrate' })],
    ['when a ring moves', () => said('x-query-virtio-vhost-queue-status', () => ({ return: ring(3) }))],
    ['when the driver lets go of its device', () => said('x-query-virtio-vhost-queue-status', refused)],
    ['when QEMU dies', () => qemu.die()],
    ['when another process has its pid', () => qemu.startTicks(101)],
    ['when the switch is disconnected', () => belongsTo('vhu1', false)],
    ['when the socket goes to another port', () => belongsTo('vhu2')],
    ['when its answer makes no sense', () => said('query-status', { running: 'yes' })],
    ['when QEMU answers something else', () => qemu.say('{"return": {}}\r\n')],
  ])('lets go %s', async (_name, change) => {
    foundBefore = await found();
    await tick();
    expect(finder.check(foundBefore).rings).toHaveLength(2);
    await change();
    await vi.waitFor(async () => {
      await tick();
      expect(finder.check(foundBefore).rings.length).toBeLessThan(2);
    });
  });

  it('keeps what it has while QEMU stands still: nothing can move meanwhile', async () => {
    const before = await found();
    said('query-status', () => undefined);
    await tick();
    await tick();
    expect(finder.check(before).rings).toHaveLength(2);
    expect(qemu.asked.filter(({ execute }) => execute === 'query-status')).toHaveLength(2);
  });

  it('finds them anew when a migration has failed', async () => {
    said('query-migrate', { status: 'active' });
    expect((await found()).rings).toEqual([]);
    expect(ringsAsked()).toBe(0);
    said('query-migrate', { status: 'failed' });
    expect((await found()).rings).toHaveLength(2);
  });

  it.each([
    ['while it leaves', {}, { status: 'active' }, 'active'],
    [
      'while its memory is handed over',
      { running: false, status: 'finish-migrate' },
      { status: 'device' },
      'finish-migrate',
    ],
    ['when it has left', { running: false, status: 'postmigrate' }, { status: 'completed' }, 'postmigrate'],
    ['before it has come', { running: false, status: 'inmigrate' }, {}, 'inmigrate'],
    ['not when it has come', {}, { status: 'completed' }, undefined],
    ['not when it stayed', {}, { status: 'failed' }, undefined],
    ['not when it is only paused', { running: false, status: 'paused' }, {}, undefined],
  ])('tells that a guest is on its way %s', async (_when, status, migration, word) => {
    said('query-migrate', { status: 'setup' });
    await untilMigrating(['vm1', 'setup']);
    said('query-status', { status: 'running', running: true, ...status });
    said('query-migrate', migration);
    await untilMigrating(...(word === undefined ? [] : [['vm1', word] as const]));
  });

  it('a guest on its way is so until it is heard to have come, or is gone; silence is no arrival', async () => {
    said('query-migrate', { status: 'active' });
    await untilMigrating(['vm1', 'active']);
    said('query-migrate', { status: 7 });
    await vi.waitFor(async () => {
      await tick(60);
      expect(qemu.connections).toBeGreaterThanOrEqual(3);
    });
    expect([...finder.migrating()]).toEqual([['vm1', 'active']]);
    await qemu.die();
    await untilMigrating();
  });

  it('does not tell of guests whose packets pass no switch here', async () => {
    qemu.commandLine('-netdev', 'tap,id=n0');
    said('query-migrate', { status: 'active' });
    // The second round begins when the first one has ended.
    const rounds = () => qemu.asked.filter(({ execute }) => execute === 'query-migrate').length;
    await vi.waitFor(async () => {
      await tick();
      expect(rounds()).toBeGreaterThanOrEqual(2);
    });
    expect([...finder.migrating()]).toEqual([]);
  });

  it('takes no answer from before an upheaval', async () => {
    said('x-query-virtio-vhost-queue-status', (asked: Asked) => {
      if (asked.arguments?.['queue'] === 1) qemu.event('RESET');
      return { return: ring(Number(asked.arguments?.['queue'])) };
    });
    expect((await found()).rings).toEqual([]);
  });

  it.each<[string, () => void, RegExp]>([
    [
      'a packed ring',
      () => said('x-query-virtio-vhost-queue-status', () => ({ return: ring(0, { 'avail-size': 4, 'used-size': 4 }) })),
      /^vm1: [^;]*packed[^;]*$/,
    ],
    ['memory that is not shared', () => qemu.maps('rw-p'), /no memory that QEMU shares/],
    ['a device that was added later', () => qemu.commandLine(), /not on QEMU's command line/],
    ['a socket that QEMU does not serve', () => said('query-chardev', []), /does not serve/],
    [
      'a socket that somebody else serves',
      () => said('query-chardev', [{ label: 'c0', filename: 'unix:/run/other,server=on', 'frontend-open': true }]),
      /does not listen on \/run\/other/,
    ],
    ['a process that is no QEMU', () => qemu.file('comm', 'mallory\n'), /no QEMU that may be looked into/],
    [
      'a version that does not tell',
      () => {
        qemu.first = '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 1, "major": 7}}}}\r\n';
      },
      /before 7\.2/,
    ],
    [
      'a ring whose sizes do not fit',
      () => said('x-query-virtio-vhost-queue-status', () => ({ return: ring(0, { num: 255 }) })),
      /cannot be read/,
    ],
    [
      'an address that is none',
      () => said('x-query-virtio-vhost-queue-status', () => ({ return: ring(0, { avail: -1 }) })),
      /cannot be read/,
    ],
    [
      'a monitor that another client has',
      () => {
        qemu.first = undefined;
      },
      /another client has this monitor/,
    ],
  ])('refuses %s, and says why', async (_name, change, why) => {
    change();
    await vi.waitFor(async () => expect(whyNot(await found())).toMatch(why), { timeout: 5000 });
    expect(finder.find(now).rings).toEqual([]);
  });

  it('comes back slowly where another client has the monitor', async () => {
    qemu.first = undefined;
    await tick();
    await vi.waitFor(() => expect(whyNot(finder.find(now))).toMatch(/another client/), { timeout: 5000 });
    await vi.waitFor(() => expect(qemu.peers.size).toBe(0));
    qemu.first = `${JSON.stringify({ QMP: { version: { qemu: { major: 8, minor: 0 } } } })}\r\n`;
    await tick(30);
    expect(qemu.asked).toEqual([]);
    await tick(60);
    expect(finder.find(now).rings).toHaveLength(2);
  });

  it('comes back to one that makes no sense after 1, 2, 4 seconds, and then once a minute', async () => {
    qemu.first = 'no QEMU\r\n';
    const attempts: number[] = [];
    for (let second = 0; second < 200; second++) {
      const before = qemu.connections;
      await tick();
      if (qemu.connections > before) attempts.push(second);
    }
    expect(attempts).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
  });

  it('comes back to a QEMU that was started again', async () => {
    const before = await found();
    await qemu.die();
    await vi.waitFor(() => expect(finder.check(before).rings).toEqual([]));
    expect(threads.has(pid, '100', 4715)).toBe(true);
    await tick();
    expect(threads.has(pid, '100', 4715)).toBe(false);
    qemu.startTicks(200);
    await qemu[Symbol.asyncDispose]();
    qemu = new ScriptedQemu();
    await qemu.listen();
    finderOf([qemu.path]);
    belongsTo('vhu1');
    expect((await found()).rings).toHaveLength(2);
  });

  it('says that of several queue pairs only the first is told', async () => {
    qemu.commandLine('-netdev', '{"type":"vhost-user","id":"n0","chardev":"c0","queues":4}');
    const result = await found();
    expect(result.rings.map(({ queuesUnread }) => queuesUnread)).toEqual([3, 3]);
    expect(whyNot(result)).toMatch(/first of 4 queue pairs/);
  });

  it('waits for the switch to say whose socket it is', async () => {
    sockets.forget(1);
    expect((await found()).rings).toEqual([]);
    await found();
    expect((await found()).rings[0]?.port).toBe(`vhost:${qemu.vhost}`);
  });
});

describe('backends on the command line', () => {
  it('are read in both forms', () => {
    const args = ['-netdev', 'vhost-user,id=n0,chardev=c0', '--netdev', 'type=vhost-user,chardev=c1,queues=2,id=n1'];
    const json = ['-netdev', '{"type":"vhost-user","chardev":"charnet2","queues":8,"id":"hostnet2"}'];
    expect(netdevsOf([...args, ...json, '-netdev', 'tap,id=n3', '-netdev', '{', '-netdev'])).toEqual(
      new Map<string, unknown>([
        ['n0', { chardev: 'c0', queues: 1 }],
        ['n1', { chardev: 'c1', queues: 2 }],
        ['hostnet2', { chardev: 'charnet2', queues: 8 }],
        ['n3', 'other'],
      ]),
    );
  });
});

let foundBefore: Found = { rings: [], refusals: [] };
const refused = () => ({ error: { class: 'GenericError', desc: 'vhost device has not started yet' } });
function said(command: string, answer: unknown): void {
  qemu.answers[command] = answer;
}
