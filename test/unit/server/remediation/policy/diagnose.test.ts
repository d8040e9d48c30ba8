import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../../../server/remediation/policy/diagnose.ts';
import type { GateName } from '../../../../../server/remediation/policy/gates.ts';
import { type ADatapath, aDatapath, at } from './a-datapath.ts';

const collided = [
  { id: 'vhu1/0', core: 2, usagePpm: 500_000 },
  { id: 'vhu2/0', core: 2, usagePpm: 420_000 },
  { id: 'vhu3/0', core: 4, usagePpm: 200_000 },
];
const untimed = {
  ...{ knownNs: 10_000_000_000n, resolutionNs: 10_000_000n },
  ...{ irqNs: null, softirqNs: null, stealNs: 0n },
};
const firmware = { exclusion: 'e1', service: 'web', to: at + 900 };
const quiet = collided.map((queue) => ({ ...queue, usagePpm: 200_000 }));
const burning = (lostPackets: bigint | null) => ({ burning: [{ port: 'vhu1', lostPackets }] });
const found = (of: ADatapath) => diagnose(aDatapath(of));

describe('what is wrong with a datapath', () => {
  it('two queues that collide are overload, and one of them moves (F6)', () => {
    const { diagnosis, gates, plan, because } = found({ queues: collided });
    expect({ diagnosis, gates }).toEqual({ diagnosis: 'overload', gates: [] });
    expect(plan).toMatchObject({
      decision: 'plan',
      moves: [{ rxq: 'vhu2/0', from: 2, to: 4 }],
      before: { maxUsagePpm: 938_775 },
      predicted: { maxUsagePpm: 632_653 },
      certificate: { optimalForMoves: 2 },
    });
    expect(because).toEqual(['core 2 is the busiest: 93.8 % used by 2 queues']);
  });

  it('the same readings give the same diagnosis', () => {
    expect(found({ queues: collided })).toEqual(found({ queues: collided }));
  });

  it('a thread that is pushed off its CPU is robbed: no queue is to move (F1, F2)', () => {
    const { diagnosis, plan, because } = found({ queues: collided, waits: { 2: { runDelayNs: 500_000_000n } } });
    expect(diagnosis).toBe('theft');
    expect(plan).toMatchObject({ decision: 'none', reason: 'starved' });
    expect(because[0]).toBe('others took at least 5.0 % of the time of core 2');
  });

  it('a thief of a thread that nobody needs is named, and nothing more', () => {
    const { diagnosis, because } = found({ queues: quiet, waits: { 4: { runDelayNs: 500_000_000n } } });
    expect(diagnosis).toBe('calm');
    expect(because[0]).toBe('others took at least 5.0 % of the time of core 4');
  });

  it('a thief elsewhere is no reason for a full thread: queues move, and not to where he is', () => {
    const queues = [...collided, { id: 'vhu4/0', core: 6, usagePpm: 50_000 }];
    const waits = { 4: { runDelayNs: 500_000_000n } };
    const { diagnosis, plan, because } = found({ queues, waits, cores: [2, 4, 6] });
    expect(diagnosis).toBe('overload');
    expect(plan).toMatchObject({ decision: 'plan', moves: [{ rxq: 'vhu2/0', from: 2, to: 6 }] });
    expect(because).toEqual([
      'core 2 is the busiest: 93.8 % used by 2 queues',
      'others took at least 5.0 % of the time of core 4',
    ]);
  });

  it('a storm of interrupts on the core of a thread robs it: no queue is to move (F3)', () => {
    const { diagnosis, plan, because, input } = found({ queues: collided, cpus: { 2: { irqNs: 430_000_000n } } });
    expect(diagnosis).toBe('theft');
    expect(plan).toMatchObject({ decision: 'none', reason: 'starved' });
    expect(because[0]).toBe('interrupts took at least 4.2 % of the time of core 2');
    expect(input?.pmds[0]?.stolenPpm).toBe(45_000);
  });

  it('so does a hypervisor that runs something else', () => {
    const { diagnosis, because } = found({ queues: collided, cpus: { 2: { stealNs: 310_000_000n } } });
    expect(diagnosis).toBe('theft');
    expect(because[0]).toBe('the hypervisor took at least 3.0 % of the time of core 2');
  });

  it.each(['irqNs', 'softirqNs', 'stealNs'] as const)(
    'a few ticks of %s are no theft, and keep no queue away',
    (what) => {
      const few = { 2: { [what]: 60_000_000n }, 4: { [what]: 60_000_000n } };
      const { diagnosis, plan, input } = found({ queues: collided, cpus: few });
      expect([diagnosis, plan?.decision]).toEqual(['overload', 'plan']);
      expect(input?.pmds.map(({ stolenPpm }) => stolenPpm)).toEqual([0, 0]);
    },
  );

  it('each thief is named', () => {
    const waits = { 2: { runDelayNs: 500_000_000n } };
    const { because } = found({ queues: collided, waits, cpus: { 2: { irqNs: 430_000_000n } } });
    expect(because.slice(0, 2)).toEqual([
      'others took at least 5.0 % of the time of core 2',
      'interrupts took at least 4.2 % of the time of core 2',
    ]);
  });

  it.each([
    ['that are not told', { cpus: [] }],
    ['that the kernel does not time', { cpus: [{ ...untimed, core: 2 }] }],
  ])('interrupts %s show as use: by these readings it is overload, and that is said', (_what, over) => {
    const { diagnosis, because } = found({ queues: collided, over });
    expect(diagnosis).toBe('overload');
    expect(because).toContain('what interrupts take of core 2 is not told: it shows as use');
    // Where nothing rests on it, it is not said.
    expect(found({ queues: quiet, over }).because).toEqual(['core 2 is the busiest: 40.8 % used by 2 queues']);
  });

  it('one queue that is too much for any thread is an elephant (F4)', () => {
    const { diagnosis, plan } = found({ queues: [{ id: 'vhu1/0', core: 2, usagePpm: 950_000 }] });
    expect({ diagnosis, plan }).toMatchObject({
      diagnosis: 'elephant',
      plan: { decision: 'none', reason: 'elephant' },
    });
  });

  it('more work than all threads should carry is a full host (F5)', () => {
    const queues = [2, 2, 2, 4, 4, 4].map((core, i) => ({ id: `vhu${i}/0`, core, usagePpm: 310_000 }));
    expect(found({ queues })).toMatchObject({ diagnosis: 'hostFull', plan: { decision: 'none', reason: 'hostFull' } });
  });

  it('where most hosts burn at once the cause is none of theirs (F17)', () => {
    const readings = aDatapath({ queues: collided, over: { ...burning(7n), fleet: { hosts: 10, burningHosts: 4 } } });
    const { diagnosis, gates, plan } = diagnose(readings);
    expect({ diagnosis, plan }).toEqual({ diagnosis: 'upstream', plan: null });
    expect(gates.map(({ gate }) => gate)).toEqual(['commonCause']);
  });

  it('what burns although nothing was lost here is lost elsewhere', () => {
    expect(found({ queues: quiet, over: burning(0n) })).toMatchObject({ diagnosis: 'upstream', plan: null });
  });

  it.each([
    ['something was', 5n],
    ['nobody knows', null],
  ])('what burns with threads that have room is unknown where %s', (_what, lost) => {
    expect(found({ queues: quiet, over: burning(lost) })).toMatchObject({ diagnosis: 'unknown', plan: null });
  });

  it('what burns beside a thread that is nearly full is overload, if a move helps', () => {
    const queues = collided.map((queue) => ({ ...queue, usagePpm: queue.core === 2 ? 410_000 : 200_000 }));
    expect(found({ queues, over: burning(5n) })).toMatchObject({ diagnosis: 'overload', plan: { decision: 'plan' } });
    expect(found({ queues })).toMatchObject({ diagnosis: 'calm', plan: { reason: 'notNeeded' } });
  });

  it('what is over is calm, though a minute still remembers it', () => {
    const surge = [...Array.from({ length: 10 }, () => 700_000), 100_000, 100_000];
    const queues = [...quiet.slice(1), { id: 'vhu1/0', core: 2, usagePpm: surge }];
    const { diagnosis, plan, because } = found({ queues });
    expect({ diagnosis, plan }).toEqual({ diagnosis: 'calm', plan: null });
    expect(because).toEqual([
      'core 2 is the busiest: 91.8 % used by 2 queues, but not in each of the last two windows',
    ]);
  });
});

describe('what is not known', () => {
  it('NOT AVAIL is no zero: fewer than two windows are no load (F19)', () => {
    const queues = [...collided.slice(1), { id: 'vhu1/0', core: 2, usagePpm: null }];
    const { diagnosis, lacks, input, plan } = found({ queues });
    expect({ diagnosis, input, plan }).toEqual({ diagnosis: 'unknown', input: null, plan: null });
    expect(lacks).toContain('2 windows of vhu1/0 that count');
  });

  it.each([
    ['negative', -10_000],
    ['beyond a core', 1_010_000],
  ])('a share that is %s is none (F19)', (_what, usagePpm) => {
    const { diagnosis, input } = found({ queues: [...collided.slice(1), { id: 'vhu1/0', core: 2, usagePpm }] });
    expect({ diagnosis, input }).toEqual({ diagnosis: 'unknown', input: null });
  });

  it.each([
    ['three windows ago: two count again', 8, 'overload', []],
    ['two windows ago: one does', 9, 'unknown', ['two windows in a row that count']],
    ['in the last window', 11, 'unknown', ['two windows in a row that count']],
  ])('shares from within 10 s of a reload do not count; %s', (_what, reload, diagnosis, lacks) => {
    // NOT AVAIL, and then a window that is too low by far.
    const told = (usual: number) =>
      Array.from({ length: 12 }, (_, i) => (i === reload ? null : i === reload + 1 ? 10_000 : usual));
    const queues = collided.map((queue) => (queue.core === 2 ? { ...queue, usagePpm: told(queue.usagePpm) } : queue));
    const read = found({ queues });
    expect({ diagnosis: read.diagnosis, lacks: read.lacks }).toEqual({ diagnosis, lacks });
    expect(read.input?.rxqs[0]?.usagePpm).toBe(500_000);
    expect(read.plan === null).toBe(diagnosis === 'unknown');
  });

  it('a port that nothing is told of may be pinned: there is no plan that could move it', () => {
    const { diagnosis, plan, lacks } = found({ queues: collided, over: { ports: [] } });
    expect({ diagnosis, plan }).toEqual({ diagnosis: 'unknown', plan: null });
    expect(lacks).toContain('the settings of vhu1');
  });

  it('where nobody tells whether a thread is robbed, nothing is said', () => {
    const { diagnosis, lacks } = found({ queues: collided, over: { waits: [] } });
    expect({ diagnosis, lacks }).toEqual({
      diagnosis: 'unknown',
      lacks: ['what others take from core 2', 'what others take from core 4'],
    });
  });

  it('a thread that may sleep is not robbed by waking late (F23)', () => {
    const waits = { 2: { runDelayNs: 300_000_000n, involuntaryLowNs: 0n, involuntaryHighNs: 5_000_000n } };
    expect(found({ queues: collided, waits, settings: { sleepMax: '200' } })).toMatchObject({
      diagnosis: 'overload',
      input: { pmds: [{ stolenPpm: 500 }, {}] },
    });
    // It never sleeps: all that it waits is theft.
    expect(found({ queues: collided, waits }).diagnosis).toBe('theft');
    // It may sleep, and nobody sampled what kept it: neither can be said.
    const unsampled = { 2: { ...waits[2], involuntaryLowNs: null, involuntaryHighNs: null } };
    expect(found({ queues: collided, waits: unsampled, settings: { sleepMax: '200' } }).diagnosis).toBe('unknown');
  });

  it('the node of a port is told, or there is no choice', () => {
    const ports = { vhu1: { numa: null } };
    expect(found({ queues: collided, ports }).diagnosis).toBe('overload');
    const readings = aDatapath({ queues: collided, ports });
    const threads = readings.threads.map((thread) => ({ ...thread, numa: thread.core === 4 ? 1 : 0 }));
    expect(diagnose({ ...readings, threads }).lacks).toEqual(['the node of vhu1']);
  });

  it('nothing of a datapath is told at all: nothing is meant by nothing (F22)', () => {
    const { diagnosis, plan, lacks } = found({ queues: [], cores: [] });
    expect({ diagnosis, plan, lacks }).toEqual({ diagnosis: 'unknown', plan: null, lacks: ['shares of queues'] });
  });
});

describe('what is never moved', () => {
  it('a pin stays, and every queue of a port whose pins cannot be read', () => {
    const ports = { vhu1: { affinity: '0:2' }, vhu2: { affinity: 'all:2' } };
    const { input, plan } = found({ queues: collided, ports });
    expect(input?.rxqs.map(({ pin }) => pin)).toEqual(['operator', 'operator', null]);
    expect(plan).toMatchObject({ decision: 'none' });
  });

  it('nor a queue that was moved within ten minutes', () => {
    const moves = [{ port: 'vhu2', queue: 0, lastElsewhere: at - 300 }];
    const { plan } = found({ queues: collided, over: { moves } });
    expect(plan).toMatchObject({ decision: 'plan', moves: [{ rxq: 'vhu1/0' }] });
  });
});

describe('packets a second', () => {
  const ppsOf = (knownNs: bigint, packets: bigint) => {
    const of = { port: 'vhu1', queue: 0, knownNs, packets };
    return found({ queues: collided, over: { packets: [of] } }).input?.rxqs.map(({ pps }) => pps);
  };

  it.each([
    ['of a minute that is known', 60_000_000_000n, 600_059n, 10_000],
    ['of half of it', 30_000_000_000n, 300_000n, 10_000],
    ['of less, unknown', 29_999_999_999n, 300_000n, null],
    ['of a queue that took nothing', 60_000_000_000n, 0n, 0],
  ])('%s', (_what, knownNs, packets, pps) => {
    // What nobody counts is not idle.
    expect(ppsOf(knownNs, packets)).toEqual([pps, null, null]);
  });
});

describe('what an operator stopped', () => {
  const stopped = { settings: { remediation: 'off' } };

  it('is diagnosed as ever, and nothing is moved', () => {
    const { diagnosis, input, plan } = found({ queues: collided, ...stopped });
    expect({ diagnosis, plan }).toMatchObject({ diagnosis: 'overload', plan: { decision: 'none', reason: 'frozen' } });
    expect(input?.frozen).toBe(true);
    const elephant = found({ queues: [{ id: 'vhu1/0', core: 2, usagePpm: 950_000 }], ...stopped });
    expect(elephant).toMatchObject({ diagnosis: 'elephant', plan: { reason: 'frozen' } });
  });

  it('is held, not stopped, where nobody tells whether it is', () => {
    const { gates, plan, input } = found({ queues: collided, settings: { remediation: null } });
    expect(gates).toEqual([
      { gate: 'killSwitch', detail: 'nobody tells whether external_ids:remediation of the switch is off' },
    ]);
    expect({ plan, frozen: input?.frozen }).toMatchObject({ plan: { decision: 'plan' }, frozen: false });
  });
});

describe('gates', () => {
  const gatesOf = (of: Partial<ADatapath>) => found({ queues: collided, ...of }).gates.map(({ gate }) => gate);

  it.each<[GateName, Partial<ADatapath>]>([
    ['killSwitch', { settings: { remediation: 'off' } }],
    ['killSwitch', { settings: { remediation: 'Off, ask ops' } }],
    ['killSwitch', { settings: { remediation: null } }],
    ['stale', { over: { storedTo: at - 21 } }],
    ['stale', { over: { storedTo: null } }],
    ['settingsUnread', { settings: { isRead: false } }],
    ['version', { settings: { version: '3.0.4' } }],
    ['version', { settings: { version: null } }],
    ['young', { settings: { startedAt: at - 119 } }],
    ['slow', { over: { unanswered: [at - 30] } }],
    ['migrating', { over: { migrating: 'vm1 (active)' } }],
    ['maintenance', { over: { maintenance: [firmware] } }],
    ['maintenance', { over: { maintenance: null } }],
    ['linkDown', { ports: { vhu3: { type: 'dpdk', link: 'down' } } }],
    ['linkDown', { ports: { vhu3: { type: 'dpdk', link: '' } } }],
    ['isolate', { settings: { isolate: null } }],
    ['isolate', { settings: { isolate: 'true' } }],
    ['autoLb', { settings: { autoLb: 'true' } }],
    ['changed', { settings: { changed: ['port.vhu1.affinity'] } }],
    ['commonCause', { over: { fleet: { hosts: 9, burningHosts: 3 } } }],
  ])('%s: %o', (gate, of) => {
    expect(gatesOf(of)).toEqual([gate]);
  });

  it.each<[string, Partial<ADatapath>]>([
    ['a switch that has run for two minutes', { settings: { startedAt: at - 120 } }],
    ['a guest that is away', { ports: { vhu3: { link: 'down' } } }],
    ['three hosts of ten', { over: { fleet: { hosts: 10, burningHosts: 3 } } }],
    ['two hosts of two', { over: { fleet: { hosts: 2, burningHosts: 2 } } }],
    ['a switch that says that it may be moved', { settings: { remediation: 'on' } }],
    ['a version of two digits', { settings: { version: '3.10' } }],
  ])('none for %s', (_what, of) => {
    expect(gatesOf(of)).toEqual([]);
  });

  it('gaps: a telling is missing', () => {
    const readings = aDatapath({ queues: collided });
    const missing = readings.queues[3 * 4]?.slot;
    const { gates } = diagnose({ ...readings, queues: readings.queues.filter(({ slot }) => slot !== missing) });
    expect(gates).toEqual([{ gate: 'gaps', detail: 'nothing was told for 10 s within the last minute' }]);
  });

  it('slow: told by how many seconds there was no answer, and how many in a row', () => {
    const { gates } = found({ queues: collided, over: { unanswered: [at - 50, at - 40, at - 39, at - 38, at - 20] } });
    const detail = 'the switch left us without an answer in 5 of the last 60 s, 3 of them in a row';
    expect(gates).toEqual([{ gate: 'slow', detail }]);
  });

  it('maintenance: named with its service and its end', () => {
    const { gates } = found({ queues: collided, over: { maintenance: [firmware, { ...firmware, service: 'db' }] } });
    const detail = 'maintenance of web until 2026-11-01T00:15:00Z (exclusion e1) and 1 more';
    expect(gates).toEqual([{ gate: 'maintenance', detail }]);
  });

  it('settling: a port came, and its thread took its queues anew (F7)', () => {
    const readings = aDatapath({ queues: [...collided, { id: 'vhu4/0', core: 4, usagePpm: 0 }] });
    const queues = readings.queues.filter(({ port, slot }) => port !== 'vhu4' || slot > at - 5);
    const { gates, plan } = diagnose({ ...readings, queues });
    expect(gates.map(({ gate }) => gate)).toEqual(['settling']);
    expect(plan).toBeNull();
  });
});
