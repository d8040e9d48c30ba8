import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAddon } from '../../native/addon.ts';
import { type StallSampler, threadStatus } from '../../native/facade.ts';
import { describeBuilt } from './built.ts';
import { takeFrom } from './stall-rows.ts';

interface Written {
  readonly runNs?: number;
  readonly delayNs?: number;
  readonly timeslices?: number;
  readonly state?: string;
  readonly voluntary?: number;
  readonly involuntary?: number;
  readonly cpus?: string;
  readonly startTicks?: number;
}

// One thread, 70 of process 7, as a recorded /proc shows it; sampled only when it is taken.
describeBuilt('what the scheduler tells, shared out', () => {
  let procRoot: string;
  let facade: ReturnType<typeof openAddon>;
  let sampler: StallSampler;
  let at: Required<Written>;

  const folder = () => join(procRoot, '7', 'task', '70');
  /** The thread as it is by now; what is not given stays. */
  const write = (changes: Written) => {
    at = { ...at, ...changes };
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), 'schedstat'), `${at.runNs} ${at.delayNs} ${at.timeslices}\n`);
    writeFileSync(
      join(folder(), 'status'),
      `Name:\tCPU 0/KVM\\n\nUmask:\t0022\nState:\t${at.state} (x)\nCpus_allowed_list:\t${at.cpus}\n` +
        `voluntary_ctxt_switches:\t${at.voluntary}\nnonvoluntary_ctxt_switches:\t${at.involuntary}\n`,
    );
    const rest = [
      at.state,
      ...Array.from({ length: 18 }, () => 0),
      at.startTicks,
      ...Array.from({ length: 30 }, () => 0),
    ];
    writeFileSync(join(folder(), 'stat'), `70 (CPU 0) KVM) ${rest.join(' ')}\n`);
  };
  const take = () => {
    const { threads, stalls } = takeFrom(sampler, 1);
    const thread = threads[0];
    if (thread === undefined) throw new Error('no row');
    const { stalls: counted, ...numbers } = thread;
    const involuntaryShare = [thread.delayInvoluntaryLowNs, thread.delayInvoluntaryHighNs];
    return { ...numbers, counted, involuntaryShare, stalls };
  };

  beforeEach(() => {
    procRoot = mkdtempSync(join(tmpdir(), 'fn-stalls-'));
    at = {
      ...{ runNs: 1000, delayNs: 0, timeslices: 11, state: 'R', voluntary: 6, involuntary: 4 },
      ...{ cpus: '3', startTicks: 500 },
    };
    write({});
    facade = openAddon();
    sampler = facade.openStalls({ procRoot, hz: 0, thresholdNs: 1_000_000 });
    sampler.watch(Uint32Array.from([7, 70]));
    take();
  });
  afterEach(() => {
    facade.close();
    rmSync(procRoot, { recursive: true });
  });

  it('all of it after involuntary switches when there was no other', () => {
    write({ runNs: 2000, delayNs: 3_000_000, timeslices: 13, involuntary: 6 });
    const { involuntaryShare, stalls, longestLowNs, longestHighNs } = take();
    expect(involuntaryShare).toEqual([3_000_000n, 3_000_000n]);
    expect([longestLowNs, longestHighNs]).toEqual([1_500_000n, 3_000_000n]);
    expect(stalls).toMatchObject([
      { kind: 'involuntary', lowNs: 1_500_000n, highNs: 3_000_000n, waits: 2n, goesOn: 0n },
    ]);
  });

  it('none of it when there was no involuntary switch', () => {
    write({ runNs: 2000, delayNs: 1_200_000, timeslices: 12, voluntary: 7 });
    const { involuntaryShare, stalls } = take();
    expect(involuntaryShare).toEqual([0n, 0n]);
    expect(stalls).toMatchObject([{ kind: 'wakeup', lowNs: 1_200_000n, highNs: 1_200_000n, waits: 1n }]);
  });

  it('between none and all of it when there were both', () => {
    write({ runNs: 2000, delayNs: 9_000_000, timeslices: 14, voluntary: 8, involuntary: 5 });
    const { involuntaryShare, stalls } = take();
    expect(involuntaryShare).toEqual([0n, 9_000_000n]);
    expect(stalls).toMatchObject([{ kind: 'mixed', lowNs: 3_000_000n }]);
  });

  it('a wait that is booked in a later sample goes to the switch before it', () => {
    // Preempted, and waits.
    write({ runNs: 2000, involuntary: 5 });
    expect(take().involuntaryShare).toEqual([0n, 0n]);
    // On its CPU again, without another switch.
    write({ runNs: 3000, delayNs: 50_000_000, timeslices: 12 });
    const { involuntaryShare, stalls } = take();
    expect(involuntaryShare).toEqual([50_000_000n, 50_000_000n]);
    expect(stalls).toMatchObject([{ kind: 'involuntary', lowNs: 50_000_000n, highNs: 50_000_000n }]);
  });

  it('preempted and then asleep: the sleep has no delay yet, so all of it is involuntary', () => {
    write({ runNs: 2000, delayNs: 2_000_000, timeslices: 12, voluntary: 7, involuntary: 5, state: 'S' });
    expect(take().involuntaryShare).toEqual([2_000_000n, 2_000_000n]);
    write({ delayNs: 2_500_000, timeslices: 13, state: 'R' });
    expect(take().involuntaryShare).toEqual([2_000_000n, 2_000_000n]);
  });

  it('a return that the kernel did not count widens the bounds and nothing else', () => {
    // Preempted on its way to sleep: one departure more, no arrival for it, no delay for it.
    write({ runNs: 2000, involuntary: 5 });
    take();
    write({ runNs: 3000 });
    write({ runNs: 4000, delayNs: 4_000_000, timeslices: 12, voluntary: 7 });
    const [low, high] = take().involuntaryShare;
    expect(low).toBe(0n);
    expect(high).toBeLessThanOrEqual(4_000_000n);
  });

  it('a thread that waits now is told from samples, and once more, whole, when the kernel books it', () => {
    write({ runNs: 2000, involuntary: 5 });
    take();
    const first = take();
    const deadline = Date.now() + 5000;
    let waiting = take();
    while (waiting.stalls.length === 0 && Date.now() < deadline) waiting = take();
    expect(waiting.stalls).toMatchObject([{ kind: 'waiting', goesOn: 1n }]);
    expect(waiting.longestLowNs).toBeGreaterThan(1_000_000n);
    expect(waiting.longestLowNs).toBeLessThanOrEqual(waiting.longestHighNs);
    expect(waiting.longestHighNs).toBeGreaterThan(first.longestLowNs);
    // Nothing is booked, so no delay and no stall is counted yet.
    expect([waiting.runDelayNs, waiting.stalls.length, ...waiting.involuntaryShare]).toEqual([0n, 1, 0n, 0n]);
    write({ runNs: 3000, delayNs: 77_000_000, timeslices: 12 });
    const ended = take();
    expect(ended).toMatchObject({ runDelayNs: 77_000_000n, longestLowNs: 77_000_000n });
    expect(ended.stalls).toMatchObject([{ kind: 'involuntary', lowNs: 77_000_000n, goesOn: 0n }]);
  });

  it('of many waits that are booked at once one was under way at the last sample, if they are more than the time since then', () => {
    write({ runNs: 2000, timeslices: 12, voluntary: 7, state: 'S' });
    take();
    write({ state: 'R' });
    const sinceNs = process.hrtime.bigint();
    while (process.hrtime.bigint() - sinceNs < 30_000_000n) take();
    const lastNs = process.hrtime.bigint();
    take();
    // Woken and kept waiting for 25 ms, then nine short waits: a mean of 2.5 ms.
    write({ runNs: 3000, delayNs: 25_000_000, timeslices: 22, voluntary: 16 });
    const { stalls } = take();
    const elapsedNs = process.hrtime.bigint() - lastNs;
    expect(stalls).toMatchObject([{ kind: 'wakeup', highNs: 25_000_000n, waits: 10n }]);
    expect(stalls[0]?.lowNs).toBeGreaterThanOrEqual(25_000_000n - elapsedNs);
    expect(stalls[0]?.lowNs).toBeLessThanOrEqual(25_000_000n);
  });

  it('a runnable thread whose run time moves does not wait, whatever its switches say', () => {
    for (let runNs = 2000; runNs < 6000; runNs += 1000) {
      write({ runNs });
      expect(take()).toMatchObject({ longestLowNs: 0n, longestHighNs: 0n, stalls: [] });
    }
  });

  it('a thread that stands still on its CPU does not wait: a CPU without a tick books run time late', () => {
    for (let i = 0; i < 5; i++) expect(take()).toMatchObject({ longestLowNs: 0n, longestHighNs: 0n, stalls: [] });
  });

  it('a stopped one has no delay; it is told while it goes on, and when it is over', () => {
    write({ runNs: 2000, voluntary: 7, state: 'T' });
    take();
    const deadline = Date.now() + 5000;
    let stopped = take();
    while (stopped.stoppedNs <= 2_000_000n && Date.now() < deadline) stopped = take();
    expect(stopped.stoppedNs).toBeGreaterThan(2_000_000n);
    expect(stopped.stalls).toMatchObject([{ kind: 'stopped', goesOn: 1n }]);
    expect([stopped.runDelayNs, stopped.delayInvoluntaryHighNs]).toEqual([0n, 0n]);
    write({ runNs: 3000, timeslices: 12, state: 'R' });
    const [over] = take().stalls;
    expect(over).toMatchObject({ kind: 'stopped', goesOn: 0n });
    expect(over?.lowNs).toBeGreaterThanOrEqual(stopped.stoppedNs);
    expect(over?.highNs).toBeLessThanOrEqual((over?.toNs ?? 0n) - (over?.fromNs ?? 0n));
    expect(take()).toMatchObject({ stalls: [], longestHighNs: 0n });
  });

  it('parts of a wait that are booked while it goes on are one wait', () => {
    write({ runNs: 2000, involuntary: 5, cpus: '0-3' });
    take();
    // Moved to another CPU while it waited.
    write({ delayNs: 30_000_000 });
    expect(take().stalls).toMatchObject([{ kind: 'waiting' }]);
    write({ runNs: 3000, delayNs: 40_000_000, timeslices: 12 });
    expect(take()).toMatchObject({ longestLowNs: 40_000_000n, longestHighNs: 40_000_000n });
  });

  it('a single wait is never told longer than it surely was', () => {
    // It waits again, and where it may be moved a part of that may be booked already: two waits share the delay.
    write({ runNs: 2000, delayNs: 8_000_000, timeslices: 12, involuntary: 6, cpus: '0-3' });
    expect(take()).toMatchObject({ longestLowNs: 4_000_000n });
  });

  it('many short waits are no stall', () => {
    write({ runNs: 2000, delayNs: 20_000_000, timeslices: 111, voluntary: 106 });
    expect(take()).toMatchObject({ stalls: [], longestLowNs: 200_000n, longestHighNs: 20_000_000n });
  });

  it('stalls beyond the bound are counted and not listed', () => {
    sampler.close();
    sampler = facade.openStalls({ procRoot, hz: 1000, thresholdNs: 1_000_000 });
    // Written in place: a file cut short is a thread that ended.
    write({ runNs: 2000, delayNs: 1_000_000_000, timeslices: 1_000_000 });
    sampler.watch(Uint32Array.from([7, 70]));
    const file = openSync(join(folder(), 'schedstat'), 'r+');
    const deadline = Date.now() + 10_000;
    let [counted, listed, arrivals] = [0n, 0, 1_000_000];
    try {
      while (counted - BigInt(listed) <= 10n && Date.now() < deadline) {
        const until = performance.now() + 100;
        while (performance.now() < until) {
          arrivals++;
          writeSync(file, `2000 ${1_000_000_000 + (arrivals - 1_000_000) * 2_000_000} ${arrivals}\n`, 0);
        }
        const before = counted;
        const { stalls, ...thread } = take();
        counted = thread.counted;
        expect(stalls.length).toBeLessThanOrEqual(33);
        listed = Number(before) + stalls.length;
      }
    } finally {
      closeSync(file);
    }
    expect(counted).toBeGreaterThan(BigInt(listed) + 10n);
  });

  it('a number that is given to another thread begins anew', () => {
    write({ runNs: 2000, delayNs: 3_000_000, timeslices: 12, involuntary: 5 });
    // What the open files of a thread that ended give.
    for (const file of ['schedstat', 'status']) writeFileSync(join(folder(), file), '');
    expect(take()).toMatchObject({ status: threadStatus.gone, runNs: 0n, startTicks: 0n });
    rmSync(folder(), { recursive: true });
    write({ runNs: 5, delayNs: 5_000_000, timeslices: 1, voluntary: 0, involuntary: 0, startTicks: 900 });
    expect(take().status).toBe(threadStatus.gone);
    sampler.watch(Uint32Array.from([7, 70]));
    expect(take()).toMatchObject({ status: threadStatus.ok, startTicks: 900n, delayInvoluntaryHighNs: 0n, stalls: [] });
  });

  it('what cannot be read is said to be so', () => {
    writeFileSync(join(folder(), 'schedstat'), 'nonsense\n');
    expect(take().status).toBe(threadStatus.failed);
    write({});
    writeFileSync(join(folder(), 'status'), 'Name:\tx\n');
    sampler.watch(Uint32Array.from([7, 70]));
    expect(take().status).toBe(threadStatus.failed);
  });
});
