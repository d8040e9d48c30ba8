import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Accumulator } from '../../../../collector/accumulator.ts';
import { CounterStates } from '../../../../collector/counter-states.ts';
import { ProcessorThreads } from '../../../../collector/processor-threads.ts';
import { ThreadSource } from '../../../../collector/sources/thread/source.ts';
import type { RowOf } from '../../../../core/catalogue/columns.ts';
import { cpuSlot, threadSlot } from '../../../../core/catalogue/thread-kinds.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { ScriptedNative } from '../../../fakes/scripted-native.ts';

const never = new AbortController().signal;
let clock: ManualClock;
let native: ScriptedNative;
let states: CounterStates;
let procRoot: string;
let source: ThreadSource;
let processorThreads: ProcessorThreads;

beforeEach(() => {
  clock = new ManualClock(1_800_000_000);
  native = new ScriptedNative(clock);
  states = new CounterStates();
  procRoot = mkdtempSync(join(tmpdir(), 'fn-proc-'));
  processorThreads = new ProcessorThreads();
  source = new ThreadSource({
    native,
    place: 'boot net',
    procRoot,
    processorThreads,
    stallHz: 25,
  });
});
afterEach(() => rmSync(procRoot, { recursive: true, force: true }));

/** A process as /proc shows it; `threads` by tid. */
function aProcess(
  pid: number,
  name: string,
  threads: Record<number, string>,
  cmdline: string,
  startTicks: number,
): void {
  const fields = ['S', ...Array.from({ length: 18 }, () => '0'), String(startTicks), '0'].join(' ');
  mkdirSync(join(procRoot, String(pid), 'task'), { recursive: true });
  writeFileSync(join(procRoot, String(pid), 'comm'), `${name}\n`);
  writeFileSync(join(procRoot, String(pid), 'cmdline'), cmdline);
  writeFileSync(join(procRoot, String(pid), 'stat'), `${pid} (odd ) name) ${fields}\n`);
  for (const [tid, comm] of Object.entries(threads)) {
    mkdirSync(join(procRoot, String(pid), 'task', tid), { recursive: true });
    writeFileSync(join(procRoot, String(pid), 'task', tid, 'comm'), `${comm}\n`);
  }
}

function tick(seconds = 1): RowOf<typeof threadSlot>[] {
  return (gather(seconds).rows.get(threadSlot) ?? []) as RowOf<typeof threadSlot>[];
}

function gather(seconds = 1): Accumulator {
  clock.advance(seconds * 1000);
  const boundary = Number(clock.read().wallNs / 1_000_000_000n);
  const into = new Accumulator({ host: 'cn1', states, keyFrame: false, nowMs: 0n });
  source.gather({ boundary, keyFrame: false, signal: never }, into);
  states.commit(into.staged);
  return into;
}

const thread = (runDelayNs: bigint, startTicks = 500n) => ({ runNs: 1000n, runDelayNs, startTicks });

describe('threads of a guest', () => {
  beforeEach(() => {
    aProcess(700, 'qemu-system-x86', { 700: 'qemu-system-x86', 701: 'CPU 0/KVM' }, 'qemu\0-name\0guest=web\0', 500);
    native.threads.set(700, thread(0n));
    native.threads.set(701, thread(100n));
  });

  it('are told with role, owner and run delay in ns', () => {
    tick();
    native.threads.set(701, { ...thread(350n), state: 'S' });
    expect(tick()).toMatchObject([
      { tid: 700, role: 'emulator', owner: 'web' },
      {
        tid: 701,
        role: 'vcpu',
        owner: 'web',
        name: 'CPU 0/KVM',
        runDelayNsInc: 250n,
        threadState: 'S',
        state: 'observed',
      },
    ]);
  });

  it('are processors where QEMU says so, whatever they are called, and only of that very process', () => {
    const told = (startTicks: string) => processorThreads.tell([{ pid: 700, startTicks, tids: [700, 999] }]);
    told('501');
    tick();
    expect(tick().map(({ role }) => role)).toEqual(['emulator', 'vcpu']);
    told('500');
    expect(tick(5).map(({ role }) => role)).toEqual(['vcpu', 'vcpu']);
  });

  it('one that ends while it is read has no row; the others have theirs', () => {
    tick();
    native.threads.delete(701);
    expect(tick().map(({ tid }) => tid)).toEqual([700]);
  });

  it('a tid that is used again is another thread: nothing of the old one is counted for it', () => {
    tick();
    native.threads.set(701, thread(5000n, 900n));
    expect(tick().map(({ tid }) => tid)).toEqual([700]);
    native.threads.set(701, thread(5007n, 900n));
    expect(tick().find(({ tid }) => tid === 701)).toMatchObject({
      startTicks: 900n,
      runDelayNsInc: 7n,
      state: 'observed',
    });
  });

  it('a pid that is used again by another program is judged anew', () => {
    tick();
    rmSync(join(procRoot, '700'), { recursive: true });
    aProcess(
      700,
      'dpdk-testpmd',
      { 700: 'dpdk-testpmd', 702: 'rte-worker-1', 703: 'eal-intr-thread' },
      'x\0--file-prefix=vm9\0',
      990,
    );
    for (const tid of [700, 702, 703]) native.threads.set(tid, thread(1n, 990n));
    tick(5);
    expect(tick().map(({ tid, role, owner }) => [tid, role, owner])).toEqual([
      [700, 'pmd', 'vm9'],
      [702, 'pmd', 'vm9'],
      [703, 'other', 'vm9'],
    ]);
  });

  it('one that starts later is found within seconds', () => {
    tick();
    aProcess(700, 'qemu-system-x86', { 704: 'CPU 1/KVM' }, 'qemu\0-name\0guest=web\0', 500);
    native.threads.set(704, thread(1n));
    tick(5);
    expect(tick().map(({ tid }) => tid)).toEqual([700, 701, 704]);
  });
});

describe('other programs', () => {
  it('are not read, and one that becomes a DPDK program while it starts is found', () => {
    aProcess(800, 'app', { 800: 'app' }, 'app\0', 10);
    native.threads.set(800, thread(1n));
    tick();
    expect(tick()).toEqual([]);
    aProcess(800, 'app', { 800: 'app', 801: 'dpdk-intr', 802: 'dpdk-worker1' }, 'app\0', 10);
    for (const tid of [801, 802]) native.threads.set(tid, thread(1n));
    tick(5);
    expect(tick().map(({ role }) => role)).toEqual(['pmd', 'other', 'pmd']);
  });
});

describe('CPUs', () => {
  it('are told of where a thread polls: where it is now, and of no other', () => {
    const cpus = (into: Accumulator) => (into.rows.get(cpuSlot) ?? []) as RowOf<typeof cpuSlot>[];
    mkdirSync(join(procRoot, 'self'));
    writeFileSync(join(procRoot, 'self/auxv'), new Uint8Array(new BigUint64Array([17n, 100n, 0n, 0n]).buffer));
    const lines = [0, 2, 5].map((cpu) => `cpu${cpu} 0 0 0 0 0 7 7 7 0 0`);
    writeFileSync(join(procRoot, 'stat'), ['cpu  0 0 0 0 0 21 21 21 0 0', ...lines, 'intr 5 1\n'].join('\n'));
    source = new ThreadSource({ native, place: 'boot net', procRoot, processorThreads, stallHz: 25 });
    aProcess(900, 'ovs-vswitchd', { 900: 'ovs-vswitchd', 901: 'pmd-c02/id:8' }, 'ovs-vswitchd\0', 10);
    native.threads.set(900, { ...thread(1n, 10n), cpu: 5 });
    native.threads.set(901, { ...thread(1n, 10n), cpu: 2 });
    gather();
    expect(cpus(gather()).map(({ cpu, interrupts, state }) => [cpu, interrupts, state])).toEqual([
      [2, 'unknown', 'observed'],
    ]);
    native.threads.set(901, { ...thread(1n, 10n), cpu: 0 });
    gather();
    expect(cpus(gather()).map(({ cpu }) => cpu)).toEqual([0]);
    native.threads.delete(901);
    expect(cpus(gather())).toEqual([]);
  });
});
