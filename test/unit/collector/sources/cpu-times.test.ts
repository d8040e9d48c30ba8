import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Accumulator } from '../../../../collector/accumulator.ts';
import { CounterStates } from '../../../../collector/counter-states.ts';
import { bookingOf, parseCpuStat, ticksPerSecond, unjudged } from '../../../../collector/sources/thread/cpu-stat.ts';
import { CpuTimes } from '../../../../collector/sources/thread/cpu-times.ts';
import type { RowOf } from '../../../../core/catalogue/columns.ts';
import { event } from '../../../../core/catalogue/kinds.ts';
import { cpuSlot } from '../../../../core/catalogue/thread-kinds.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { ScriptedNative } from '../../../fakes/scripted-native.ts';

const tickNs = 10_000_000n;

/** As Linux 6.18 tells it of a virtual machine with two CPUs that does not time interrupts. */
const captured = `cpu  3272783 141713 882164 2726913 18327 0 11452 13080 0 0
cpu0 1581048 70235 448392 1408942 4788 0 3255 6595 0 0
cpu1 1691734 71477 433771 1317971 13538 0 8197 6484 0 0
intr 232380666 0 0 0 0
ctxt 300
`;

describe('/proc/stat', () => {
  it('tells of the CPUs that are asked for, and of all how many interrupts there were', () => {
    expect(parseCpuStat(captured, new Set([1]))).toEqual({
      cpus: [{ cpu: 1, irq: 0n, softirq: 8197n, steal: 6484n }],
      irqTicks: 0n,
      interrupts: 232_380_666n,
    });
  });

  it('says nothing of a CPU that is off, nor of one by the number of another', () => {
    expect(parseCpuStat(captured, new Set([2, 10]))?.cpus).toEqual([]);
    expect(parseCpuStat(captured.replace('cpu1 ', 'cpu10 '), new Set([1, 10]))?.cpus.map(({ cpu }) => cpu)).toEqual([
      10,
    ]);
  });

  it.each([
    ['has a column too few', captured.replace('8197 6484 0 0', '8197')],
    ['has no number', captured.replace('8197 6484', '8197 -6484')],
    ['is cut off', captured.slice(0, captured.indexOf(' 6484'))],
  ])('a line that %s tells nothing', (_what, text) => {
    expect(parseCpuStat(text, new Set([1]))?.cpus ?? []).toEqual([]);
  });

  it('of another form is none, and nothing throws', () => {
    expect(parseCpuStat('', new Set([0]))).toBeUndefined();
    expect(parseCpuStat(captured.replace('intr', 'interrupts'), new Set([0]))).toBeUndefined();
    const damage = fc.tuple(fc.nat(captured.length), fc.nat(20), fc.string({ maxLength: 5 }));
    fc.assert(
      fc.property(damage, ([at, length, text]) => {
        const stat = parseCpuStat(captured.slice(0, at) + text + captured.slice(at + length), new Set([0, 1]));
        expect(stat?.cpus.every(({ irq, softirq, steal }) => irq >= 0n && softirq >= 0n && steal >= 0n)).not.toBe(
          false,
        );
      }),
      { numRuns: 200 },
    );
  });

  it('is told in ticks whose length the kernel says', () => {
    const auxv = new BigUint64Array([6n, 4096n, 17n, 100n, 0n, 0n]);
    expect(ticksPerSecond(new Uint8Array(auxv.buffer), true)).toBe(100n);
    expect(ticksPerSecond(new Uint8Array(auxv.buffer, 0, 24), true)).toBeUndefined();
    expect(ticksPerSecond(new Uint8Array(), true)).toBeUndefined();
  });
});

describe('how a kernel books interrupts', () => {
  it('is seen by what a million of them took', () => {
    expect(bookingOf(unjudged, { irqTicks: 0n, interrupts: 999_999n }, tickNs)).toEqual(unjudged);
    expect(bookingOf(unjudged, { irqTicks: 90n, interrupts: 1_000_000n }, tickNs).booked).toBe('timed');
    expect(bookingOf(unjudged, { irqTicks: 0n, interrupts: 232_380_666n }, tickNs).booked).toBe('sampled');
  });

  it('a stray tick in a handler is no measure', () => {
    expect(bookingOf(unjudged, { irqTicks: 1n, interrupts: 1_000_000n }, tickNs).booked).toBe('sampled');
  });

  it('a kernel that stops timing them is noticed within the next million', () => {
    const timed = bookingOf(unjudged, { irqTicks: 90n, interrupts: 1_000_000n }, tickNs);
    expect(bookingOf(timed, { irqTicks: 90n, interrupts: 1_999_999n }, tickNs).booked).toBe('timed');
    expect(bookingOf(timed, { irqTicks: 90n, interrupts: 2_000_000n }, tickNs).booked).toBe('sampled');
  });

  it('numbers that go back leave it unknown', () => {
    const timed = bookingOf(unjudged, { irqTicks: 90n, interrupts: 1_000_000n }, tickNs);
    expect(bookingOf(timed, { irqTicks: 80n, interrupts: 3_000_000n }, tickNs).booked).toBe('unknown');
  });
});

describe('time of CPUs', () => {
  const clock = new ManualClock(1_800_000_000);
  const native = new ScriptedNative(clock);
  let procRoot: string;
  let states: CounterStates;
  let times: CpuTimes;

  beforeEach(() => {
    procRoot = mkdtempSync(join(tmpdir(), 'fn-proc-'));
    mkdirSync(join(procRoot, 'self'));
    writeFileSync(join(procRoot, 'self/auxv'), new Uint8Array(new BigUint64Array([17n, 100n, 0n, 0n]).buffer));
    states = new CounterStates();
    times = new CpuTimes({ native, place: 'boot net', procRoot });
  });
  afterEach(() => rmSync(procRoot, { recursive: true, force: true }));

  const statOf = (cpus: Readonly<Record<number, readonly [irq: number, softirq: number, steal: number]>>) =>
    [
      'cpu  0 0 0 0 0 90 0 0 0 0',
      ...Object.entries(cpus).map(([cpu, ticks]) => `cpu${cpu} 9 9 9 9 9 ${ticks.join(' ')} 9 9`),
      'intr 1000000 1\n',
    ].join('\n');

  function tick(stat: string | null, cpus: readonly number[] = [3]) {
    clock.advance(1000);
    if (stat === null) rmSync(join(procRoot, 'stat'), { force: true });
    else writeFileSync(join(procRoot, 'stat'), stat);
    const boundary = Number(clock.read().wallNs / 1_000_000_000n);
    const into = new Accumulator({ host: 'cn1', states, keyFrame: false, nowMs: 0n });
    const signal = new AbortController().signal;
    times.close(new Set(cpus), { boundary, keyFrame: false, signal }, into);
    states.commit(into.staged);
    const rows = (into.rows.get(cpuSlot) ?? []) as RowOf<typeof cpuSlot>[];
    return { rows, facts: into.facts, events: (into.rows.get(event) ?? []) as RowOf<typeof event>[] };
  }

  it('is told in ns, in steps of a tick, with how it is booked', () => {
    tick(statOf({ 3: [10, 20, 30] }));
    const { rows, facts } = tick(statOf({ 3: [12, 20, 31], 4: [0, 0, 0] }));
    expect(rows).toMatchObject([
      {
        ...{ cpu: 3, interrupts: 'timed', resolutionNs: tickNs, state: 'observed' },
        ...{ irqNs: 120_000_000n, irqNsInc: 20_000_000n, softirqNsInc: 0n, stealNsInc: 10_000_000n },
      },
    ]);
    expect(facts).toMatchObject([{ name: 'thread.interrupts', value: 'timed' }]);
  });

  it('of a CPU that was off is bridged', () => {
    tick(statOf({ 3: [10, 20, 30] }));
    expect(tick(statOf({})).rows).toEqual([]);
    expect(tick(statOf({ 3: [14, 20, 30] })).rows).toMatchObject([
      { state: 'bridged', slots: 2, irqNsInc: 40_000_000n },
    ]);
  });

  it('that went back is unknown for that second', () => {
    tick(statOf({ 3: [10, 20, 30] }));
    const { rows, events } = tick(statOf({ 3: [11, 20, 29] }));
    expect(rows).toMatchObject([{ state: 'unknown', irqNsInc: null, softirqNsInc: null, stealNsInc: null }]);
    expect(events.map((row) => row.event)).toEqual(['counter_reset']);
    expect(tick(statOf({ 3: [12, 20, 30] })).rows).toMatchObject([{ state: 'observed', irqNsInc: 10_000_000n }]);
  });

  it('that nobody can have spent is unknown', () => {
    tick(statOf({ 3: [10, 20, 30] }));
    expect(tick(statOf({ 3: [1010, 20, 30] })).rows).toMatchObject([{ state: 'unknown', irqNsInc: null }]);
  });

  it('that cannot be read has no row, and it is said why', () => {
    tick(statOf({ 3: [10, 20, 30] }));
    const { rows, facts } = tick(null);
    expect(rows).toEqual([]);
    expect(facts[0]?.value).toMatch(/^no: /);
  });

  it('is not guessed where the kernel does not say how long a tick is', () => {
    rmSync(join(procRoot, 'self/auxv'));
    times = new CpuTimes({ native, place: 'boot net', procRoot });
    tick(statOf({ 3: [10, 20, 30] }));
    expect(tick(statOf({ 3: [11, 20, 30] })).rows).toEqual([]);
  });

  it('is not read where no thread polls', () => {
    expect(tick(statOf({ 3: [10, 20, 30] }), []).facts).toEqual([]);
  });
});
