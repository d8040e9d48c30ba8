import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Accumulator } from '../../../../collector/accumulator.ts';
import { CounterStates } from '../../../../collector/counter-states.ts';
import { ProcessorThreads } from '../../../../collector/processor-threads.ts';
import { ThreadSource } from '../../../../collector/sources/thread/source.ts';
import { notSampled } from '../../../../collector/sources/thread/stall-follower.ts';
import type { Kind, RowOf } from '../../../../core/catalogue/columns.ts';
import { stallKinds, threadSlot, threadStall } from '../../../../core/catalogue/thread-kinds.ts';
import { type StallSampler, stallFields, stallThreadFields, stallThreadStride } from '../../../../native/facade.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { ScriptedNative } from '../../../fakes/scripted-native.ts';

type Numbers = Partial<Record<(typeof stallThreadFields)[number], bigint>>;

/** Says what a test tells it to; the real one is held by test/native/stalls.test.ts. */
class ScriptedSampler implements StallSampler {
  /** By tid. */
  readonly threads = new Map<number, Numbers>();
  stalls: Record<string, bigint>[] = [];
  watched: number[] = [];
  isClosed = false;

  watch(threads: Uint32Array): void {
    this.watched = [...threads].filter((_, i) => i % 2 === 1);
  }

  take(rows: BigUint64Array): BigUint64Array {
    for (const [i, tid] of this.watched.entries()) {
      const numbers = this.threads.get(tid) ?? { status: 1n };
      rows.set(
        stallThreadFields.map((name) => numbers[name] ?? 0n),
        i * stallThreadStride,
      );
    }
    const told = this.stalls.flatMap((stall) => stallFields.map((name) => stall[name] ?? 0n));
    this.stalls = [];
    return BigUint64Array.from(told);
  }

  close(): void {
    this.isClosed = true;
  }
}

let clock: ManualClock;
let native: ScriptedNative;
let sampler: ScriptedSampler;
let states: CounterStates;
let procRoot: string;
let source: ThreadSource;
let facts: readonly { readonly name: string; readonly value: string }[] = [];

beforeEach(async () => {
  clock = new ManualClock(1_800_000_000);
  native = new ScriptedNative(clock);
  sampler = new ScriptedSampler();
  native.sampler = sampler;
  states = new CounterStates();
  procRoot = mkdtempSync(join(tmpdir(), 'fn-proc-'));
  const folder = join(procRoot, '700');
  for (const [tid, name] of [
    [700, 'qemu-system-x86'],
    [701, 'CPU 0/KVM'],
  ] as const) {
    mkdirSync(join(folder, 'task', String(tid)), { recursive: true });
    writeFileSync(join(folder, 'task', String(tid), 'comm'), `${name}\n`);
  }
  writeFileSync(join(folder, 'comm'), 'qemu-system-x86\n');
  writeFileSync(join(folder, 'cmdline'), 'qemu\0-name\0guest=web\0');
  writeFileSync(join(folder, 'stat'), `700 (qemu) ${['S', ...new Array(18).fill('0'), '500', '0'].join(' ')}\n`);
  native.threads.set(700, { runNs: 1n, runDelayNs: 1n, startTicks: 500n });
  native.threads.set(701, { runNs: 1n, runDelayNs: 1n, startTicks: 500n });
  source = new ThreadSource({
    native,
    place: 'boot net',
    procRoot,
    processorThreads: new ProcessorThreads(),
    stallHz: 25,
  });
  await source.start();
});
afterEach(async () => {
  await source.stop();
  rmSync(procRoot, { recursive: true, force: true });
});

/** The vCPU as it is sampled by now. */
function sampled(numbers: Numbers): void {
  sampler.threads.set(701, { startTicks: 500n, state: 82n, timeslices: 10n, samples: 25n, ...numbers });
}

/** One tick; `keep`: whether the bus takes it. */
function tick({ keep = true, seconds = 1 } = {}) {
  clock.advance(seconds * 1000);
  const boundary = Number(clock.read().wallNs / 1_000_000_000n);
  const into = new Accumulator({ host: 'cn1', states, keyFrame: false, nowMs: 0n });
  source.gather({ boundary, keyFrame: false, signal: new AbortController().signal }, into);
  if (keep) {
    states.commit(into.staged);
    source.kept();
  }
  facts = into.facts;
  const rowsOf = <K extends Kind>(kind: K) => (into.rows.get(kind) ?? []) as RowOf<K>[];
  return { vcpu: rowsOf(threadSlot).find(({ tid }) => tid === 701), stalls: rowsOf(threadStall) };
}

describe('what is sampled of a thread', () => {
  it('stands in its row as increments, with counters from the same sample', () => {
    sampled({ runNs: 100n, runDelayNs: 50n, timeslices: 7n, involuntary: 3n, delayInvoluntaryHighNs: 40n });
    tick();
    sampled({
      ...{ runNs: 900n, runDelayNs: 80n, timeslices: 9n, voluntary: 2n, involuntary: 4n, samples: 50n, stalls: 1n },
      ...{
        delayInvoluntaryLowNs: 10n,
        delayInvoluntaryHighNs: 65n,
        stoppedNs: 5n,
        longestLowNs: 8n,
        longestHighNs: 9n,
      },
    });
    expect(tick().vcpu).toMatchObject({
      ...{ runNsInc: 800n, runDelayNsInc: 30n, timeslicesInc: 2n, state: 'observed' },
      ...{ voluntarySwitches: 2n, involuntarySwitches: 1n, delayInvoluntaryLowNs: 10n, delayInvoluntaryHighNs: 25n },
      ...{ stoppedNs: 5n, longestStallLowNs: 8n, longestStallHighNs: 9n, stalls: 1n, stallSamples: 25n },
    });
  });

  it('of a tick that was not kept stands in the next one', () => {
    sampled({ involuntary: 0n });
    tick();
    sampled({ involuntary: 5n, longestHighNs: 900n, samples: 50n });
    tick({ keep: false });
    sampled({ involuntary: 6n, longestHighNs: 30n, samples: 75n });
    expect(tick().vcpu).toMatchObject({
      ...{ state: 'bridged', slots: 2, involuntarySwitches: 6n, longestStallHighNs: 900n, stallSamples: 50n },
    });
    sampled({ involuntary: 6n, longestHighNs: 1n, samples: 100n });
    expect(tick().vcpu).toMatchObject({ slots: 1, involuntarySwitches: 0n, longestStallHighNs: 1n });
  });

  it('is unknown where it was not sampled at both ends, and its counters go on', () => {
    tick();
    sampled({ runNs: 500n, runDelayNs: 500n, involuntary: 9n });
    expect(tick().vcpu).toMatchObject({ runNsInc: 499n, state: 'observed', ...notSampled });
    sampled({ runNs: 600n, runDelayNs: 500n, involuntary: 9n, samples: 50n });
    expect(tick().vcpu).toMatchObject({ runNsInc: 100n, involuntarySwitches: 0n });
    // Its files had to be opened anew: sums begin again.
    sampled({ runNs: 700n, runDelayNs: 500n, involuntary: 10n, samples: 1n });
    expect(tick().vcpu).toMatchObject({ runNsInc: 100n, ...notSampled });
  });

  it('belongs to the thread that was sampled, not to the next one with its number', () => {
    sampled({ involuntary: 1n });
    tick();
    native.threads.set(701, { runNs: 9n, runDelayNs: 9n, startTicks: 900n });
    sampled({ involuntary: 2n, samples: 50n });
    tick();
    native.threads.set(701, { runNs: 10n, runDelayNs: 9n, startTicks: 900n });
    expect(tick().vcpu).toMatchObject({ startTicks: 900n, runNsInc: 1n, ...notSampled });
  });

  it('without the addon is said to be missing', async () => {
    native.sampler = null;
    await source.start();
    tick();
    expect(facts).toContainEqual({
      name: 'thread.stalls',
      value: expect.stringMatching(/^no: /),
      witness: 'collector',
    });
    expect(tick().vcpu).toMatchObject({ state: 'observed', ...notSampled });
  });

  it('ends with the source', async () => {
    tick();
    expect(facts).toContainEqual({ name: 'thread.stalls', value: '25 samples a second', witness: 'collector' });
    await source.stop();
    expect(sampler.isClosed).toBe(true);
  });
});

describe('stalls', () => {
  const stall = (kind: (typeof stallKinds)[number], goesOn: bigint) => {
    const { monoNs } = clock.read();
    return {
      thread: BigInt(sampler.watched.indexOf(701)),
      kind: BigInt(stallKinds.indexOf(kind) + 1),
      ...{ fromNs: monoNs - 40_000_000n, toNs: monoNs + 900_000_000n, lowNs: 2_000_000n, highNs: 3_000_000n },
      ...{ waits: 2n, goesOn },
    };
  };

  it('are rows with wall time, told until a tick with them is kept', () => {
    sampled({});
    tick();
    const { wallNs } = clock.read();
    sampler.stalls = [stall('involuntary', 0n)];
    const first = tick({ keep: false }).stalls;
    expect(first).toMatchObject([
      {
        ...{ host: 'cn1', pid: 700, tid: 701, startTicks: 500n, role: 'vcpu', owner: 'web', name: 'CPU 0/KVM' },
        ...{ fromNs: wallNs - 40_000_000n, toNs: wallNs + 900_000_000n, slot: 1_800_000_001 },
        ...{ lowNs: 2_000_000n, highNs: 3_000_000n, waits: 2, stall: 'involuntary', goesOn: 0 },
      },
    ]);
    sampler.stalls = [stall('waiting', 1n)];
    expect(tick().stalls).toMatchObject([first[0], { stall: 'waiting', goesOn: 1 }]);
    expect(tick().stalls).toEqual([]);
  });

  it('vCPUs are sampled before what else a guest has', () => {
    tick();
    expect(sampler.watched).toEqual([701, 700]);
  });
});
