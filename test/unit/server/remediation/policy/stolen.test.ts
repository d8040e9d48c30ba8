import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CpuTaken, ThreadWait } from '../../../../../server/remediation/policy/readings.ts';
import { stolenFrom } from '../../../../../server/remediation/policy/stolen.ts';
import { aDatapath } from './a-datapath.ts';

const ms = 1_000_000n;
const tenSeconds = 10_000n * ms;

function stolen(cpu: Partial<CpuTaken>, wait: Partial<ThreadWait> = {}) {
  return stolenFrom(2, aDatapath({ queues: [], cpus: { 2: cpu }, waits: { 2: wait } }));
}

describe('what interrupts take of a thread', () => {
  it('is told to a tick: from one tick less to one more, of each sort', () => {
    expect(stolen({ irqNs: 200n * ms, softirqNs: 300n * ms })).toEqual({
      othersPpm: 0,
      interruptsPpm: 48_000,
      hypervisorPpm: 0,
      highPpm: 52_000,
    });
  });

  it.each([
    ['a tick of a thousand interrupts a second of 5 us', { irqNs: 50n * ms, softirqNs: 0n }],
    ['a whole percent of the time', { irqNs: 110n * ms, softirqNs: 0n }],
  ])('stays use while it may be usual: %s', (_what, cpu) => {
    expect(stolen(cpu)).toMatchObject({ interruptsPpm: 0, highPpm: 0 });
  });

  it('beyond a percent is stolen, all of it', () => {
    expect(stolen({ irqNs: 120n * ms })).toMatchObject({ interruptsPpm: 11_000, highPpm: 14_000 });
  });

  it('is no theft twice where ksoftirqd was what the thread waited for', () => {
    expect(stolen({ softirqNs: 500n * ms }, { runDelayNs: 500n * ms })).toMatchObject({
      othersPpm: 50_000,
      interruptsPpm: 0,
      highPpm: 50_000,
    });
    // Of 500 ms in soft interrupts 100 ms at most were the wait.
    expect(stolen({ softirqNs: 500n * ms }, { runDelayNs: 100n * ms })).toMatchObject({
      othersPpm: 10_000,
      interruptsPpm: 39_000,
    });
  });

  it.each([
    ['is not timed', { irqNs: null, softirqNs: null }],
    ['is known of less than 8 s of the 10', { irqNs: 900n * ms, knownNs: 7_999n * ms }],
  ])('that %s is not known, and nothing of it is counted', (_what, cpu) => {
    expect(stolen(cpu)).toMatchObject({ interruptsPpm: null, hypervisorPpm: 0, highPpm: 0 });
  });

  it('is told of a thread whose waits are told: else it is not known what others take', () => {
    expect(stolen({ irqNs: 900n * ms }, { knownNs: 0n })).toBeUndefined();
  });

  it('never takes more than all', () => {
    const time = fc.bigInt(0n, 3n * tenSeconds);
    fc.assert(
      fc.property(time, time, time, time, (irqNs, softirqNs, stealNs, runDelayNs) => {
        const found = stolen({ irqNs, softirqNs, stealNs }, { runDelayNs });
        expect(found?.highPpm).toBeLessThanOrEqual(1_000_000);
        expect(found?.highPpm).toBeGreaterThanOrEqual(
          Math.min(1_000_000, Math.max(found?.othersPpm ?? 0, found?.interruptsPpm ?? 0, found?.hypervisorPpm ?? 0)),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('what the hypervisor takes', () => {
  it('counts from where it surely is something, whether or not interrupts are timed', () => {
    expect(stolen({ irqNs: null, softirqNs: null, stealNs: 10n * ms })).toMatchObject({
      hypervisorPpm: 0,
      highPpm: 0,
    });
    expect(stolen({ irqNs: null, softirqNs: null, stealNs: 300n * ms })).toMatchObject({
      interruptsPpm: null,
      hypervisorPpm: 29_000,
      highPpm: 31_000,
    });
  });
});
