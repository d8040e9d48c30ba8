import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAddon } from '../../native/addon.ts';
import { type StallSampler, threadStatus } from '../../native/facade.ts';
import { describeBuilt } from './built.ts';
import { type StallRow, type ThreadNumbers, takeFrom } from './stall-rows.ts';

const deadlineMs = 20_000;
/** The last CPU: the first has the most to do on most machines. */
const cpu = String(availableParallelism() - 1);
const spin = ['sh', '-c', 'while :; do :; done'] as const;

// Real threads and what the kernel itself booked for them; no number here depends on how busy the machine is.
describeBuilt('stalls of real threads', () => {
  let facade: ReturnType<typeof openAddon>;
  let sampler: StallSampler;
  const children: ChildProcess[] = [];

  const start = async (command: string, ...args: string[]): Promise<number> => {
    const child = spawn(command, args, { stdio: 'ignore' });
    children.push(child);
    await once(child, 'spawn');
    return child.pid as number;
  };
  const watch = (pid: number) => sampler.watch(Uint32Array.from([pid, pid]));
  const stalls: StallRow[] = [];
  const take = (): ThreadNumbers => {
    const taken = takeFrom(sampler, 1);
    stalls.push(...taken.stalls);
    return taken.threads[0] as ThreadNumbers;
  };
  const takeUntil = async (isThere: (now: ThreadNumbers) => boolean): Promise<ThreadNumbers> => {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      const now = take();
      if (isThere(now)) return now;
      if (Date.now() > deadline) throw new Error('what was waited for did not happen');
      await delay(20);
    }
  };
  /** The second field of schedstat, as the kernel says it. */
  const bookedNs = (pid: number) => BigInt(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1] ?? '');

  beforeEach(() => {
    facade = openAddon();
    sampler = facade.openStalls({ procRoot: '/proc', hz: 100, thresholdNs: 1_000_000 });
    stalls.length = 0;
  });
  afterEach(() => {
    facade.close();
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('a thread that is pushed off its CPU waits after involuntary switches, to the ns as booked', async () => {
    const victim = await start('taskset', '-c', cpu, 'nice', '-n', '10', ...spin);
    await start('taskset', '-c', cpu, ...spin);
    watch(victim);
    // By then both spin, and the last switch is known.
    const isPushed = (last: ThreadNumbers) => (now: ThreadNumbers) =>
      now.involuntary > last.involuntary + 5n && now.voluntary === last.voluntary;
    let first = take();
    first = await takeUntil((now) => {
      const pushed = isPushed(first)(now);
      if (now.voluntary !== first.voluntary) first = now;
      return pushed;
    });
    const before = bookedNs(victim);
    const last = await takeUntil((now) => now.runDelayNs > first.runDelayNs + 300_000_000n);
    const after = bookedNs(victim);
    const delayNs = last.runDelayNs - first.runDelayNs;
    expect(last.voluntary).toBe(first.voluntary);
    expect(last.delayInvoluntaryLowNs - first.delayInvoluntaryLowNs).toBe(delayNs);
    expect(last.delayInvoluntaryHighNs - first.delayInvoluntaryHighNs).toBe(delayNs);
    // Read before and after what was taken.
    expect(last.runDelayNs).toBeGreaterThanOrEqual(before);
    expect(last.runDelayNs).toBeLessThanOrEqual(after);
    const told = stalls.filter(({ kind }) => kind === 'involuntary');
    expect(told.length).toBeGreaterThan(0);
    for (const { lowNs, highNs, fromNs, toNs } of told) {
      expect(lowNs).toBeGreaterThan(1_000_000n);
      expect(lowNs).toBeLessThanOrEqual(highNs);
      expect(lowNs).toBeLessThanOrEqual(toNs - fromNs);
    }
  });

  it('a thread that sleeps and is not pushed off waits after waking alone', async () => {
    const script = 'const word = new Int32Array(new SharedArrayBuffer(4)); for (;;) Atomics.wait(word, 0, 0, 1);';
    const sleeper = await start(process.execPath, '-e', script);
    watch(sleeper);
    let last = await takeUntil((now) => now.voluntary > 100n);
    let seen = 0;
    await takeUntil((now) => {
      const delayNs = now.runDelayNs - last.runDelayNs;
      const involuntaryNs = now.delayInvoluntaryHighNs - last.delayInvoluntaryHighNs;
      expect(involuntaryNs).toBeLessThanOrEqual(delayNs);
      expect(now.delayInvoluntaryLowNs).toBeLessThanOrEqual(now.delayInvoluntaryHighNs);
      const isPure = now.involuntary === last.involuntary && last.state === BigInt('S'.charCodeAt(0));
      // State and switches are not read at one instant: the upper bound may have an earlier wait in it, never for long.
      if (isPure && delayNs > 0n && involuntaryNs === 0n) seen++;
      last = now;
      return seen > 3;
    });
  });

  it('a stopped thread is stopped and waits for nothing', async () => {
    const pid = await start('taskset', '-c', cpu, ...spin);
    watch(pid);
    await takeUntil((now) => now.runNs > 20_000_000n);
    process.kill(pid, 'SIGSTOP');
    const stopped = await takeUntil((now) => now.state === BigInt('T'.charCodeAt(0)));
    const later = await takeUntil((now) => now.stoppedNs > 100_000_000n);
    expect(later.runDelayNs).toBe(stopped.runDelayNs);
    expect(later.runNs).toBe(stopped.runNs);
    expect(stalls.some(({ kind, goesOn }) => kind === 'stopped' && goesOn === 1n)).toBe(true);
    process.kill(pid, 'SIGCONT');
    const over = await takeUntil((now) => now.runNs > later.runNs);
    await takeUntil(() => stalls.some(({ kind, goesOn }) => kind === 'stopped' && goesOn === 0n));
    const whole = stalls.find(({ kind, goesOn }) => kind === 'stopped' && goesOn === 0n);
    expect(whole?.lowNs).toBeGreaterThanOrEqual(later.stoppedNs);
    expect(whole?.highNs).toBeGreaterThanOrEqual(whole?.lowNs ?? 0n);
    expect(over.stoppedNs).toBeGreaterThanOrEqual(later.stoppedNs);
  });

  it('a thread that ends is gone, with nothing of it left', async () => {
    const pid = await start('sleep', '1000');
    watch(pid);
    expect(take().status).toBe(threadStatus.ok);
    process.kill(pid, 'SIGKILL');
    const gone = await takeUntil((now) => now.status !== threadStatus.ok);
    expect(gone).toMatchObject({ status: threadStatus.gone, runNs: 0n, stalls: 0n });
    watch(pid);
    expect(take().status).toBe(threadStatus.gone);
  });

  it('samples at its pace, between one take and the next', async () => {
    watch(process.pid);
    const first = take();
    let taken = 0n;
    const last = await takeUntil((now) => {
      taken++;
      return now.samples >= first.samples + taken + 20n;
    });
    expect(last.samples).toBeGreaterThan(first.samples + taken);
  });
});
