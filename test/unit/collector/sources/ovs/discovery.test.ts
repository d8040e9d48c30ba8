import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findVswitchds } from '../../../../../collector/sources/ovs/discovery.ts';

let root: string;
let runDir: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'fn-discovery-'));
  runDir = path.join(root, 'run');
  mkdirSync(runDir);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function live(pid: number, startTicks: number, name = 'ovs-vswitchd', state = 'S'): void {
  const folder = path.join(root, 'proc', String(pid));
  mkdirSync(folder, { recursive: true });
  const fields = [state, ...Array.from({ length: 18 }, (_, i) => i), startTicks, 1, 2];
  writeFileSync(path.join(folder, 'stat'), `${pid} (${name}) ${fields.join(' ')}\n`);
}

const touch = (name: string, text = '') => writeFileSync(path.join(runDir, name), text);
const find = () => findVswitchds(runDir, path.join(root, 'proc'));

describe('discovery', () => {
  it('finds the live daemon among stale sockets', () => {
    touch('ovs-vswitchd.10.ctl');
    touch('ovs-vswitchd.11.ctl');
    touch('ovs-vswitchd.12.ctl');
    touch('ovs-vswitchd.pid', '12\n');
    touch('ovsdb-server.13.ctl');
    touch('ovs-vswitchd.x.ctl');
    live(11, 500, 'bash');
    live(12, 700);
    live(13, 800);
    expect(find()).toEqual([
      {
        ctlPath: path.join(runDir, 'ovs-vswitchd.12.ctl'),
        dbPath: path.join(runDir, 'db.sock'),
        pid: 12,
        startTicks: 700n,
      },
    ]);
  });

  it('knows the daemon of distributions that have one of its own for DPDK, whose name the kernel cuts', () => {
    touch('ovs-vswitchd-dpdk.20.ctl');
    live(20, 5, 'ovs-vswitchd-dp');
    expect(find()).toMatchObject([{ pid: 20, startTicks: 5n }]);
  });

  it('puts the daemon of the pid file first, then the one that started last', () => {
    for (const [pid, start] of [
      [1, 100],
      [2, 300],
      [3, 200],
    ] as const) {
      touch(`ovs-vswitchd.${pid}.ctl`);
      live(pid, start);
    }
    expect(find().map(({ pid }) => pid)).toEqual([2, 3, 1]);
    touch('ovs-vswitchd.pid', '1');
    expect(find().map(({ pid }) => pid)).toEqual([1, 2, 3]);
  });

  it('takes a reused pid for another daemon', () => {
    touch('ovs-vswitchd.7.ctl');
    live(7, 100);
    const before = find();
    live(7, 900);
    expect(find()[0]?.startTicks).not.toBe(before[0]?.startTicks);
  });

  it.each([
    ['has died and waits for its parent', () => live(7, 1, 'ovs-vswitchd', 'Z')],
    ['has a name with odd parentheses', () => live(7, 1, 'x) S (ovs-vswitchd')],
    ['cannot be read', () => mkdirSync(path.join(root, 'proc', '7'), { recursive: true })],
  ])('leaves out a process that %s', (_what, make) => {
    touch('ovs-vswitchd.7.ctl');
    make();
    expect(find()).toEqual([]);
  });

  it('finds nothing in a folder that is not there, and says so when it cannot look', () => {
    rmSync(runDir, { recursive: true });
    expect(find()).toEqual([]);
    writeFileSync(runDir, '');
    expect(find).toThrow(expect.objectContaining({ code: 'FN_SOURCE' }));
  });
});
