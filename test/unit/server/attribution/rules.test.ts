import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { causes } from '../../../../core/catalogue/causes.ts';
import { type Evidence, missingNames } from '../../../../server/attribution/evidence.ts';
import { attribute, currentRules, rulesOf } from '../../../../server/attribution/rules.ts';
import { anEvidence, aStall, aThread, guest, ms, pmdStalled, rings, stalled, waiting } from './an-evidence.ts';
import { rate, told } from './told-owners.ts';

/** Three seconds, the ring full in the last one. */
const late = {
  slots: 3,
  rings: rings({ sampled: [true, true, true, true, true], runs: [{ queue: 0, fromNs: 2_500 * ms, toNs: 2_504 * ms }] }),
  pmds: { threads: [aThread(3, 3)], stalls: [] },
};

/** The stall met the first one, of 40 ms, and not the other, of 4 ms. */
const twoRuns = rings({
  fullNs: 44 * ms,
  runs: [
    { queue: 0, fromNs: 500 * ms, toNs: 540 * ms },
    { queue: 0, fromNs: 900 * ms, toNs: 904 * ms },
  ],
});

describe('a full receive ring of a guest', () => {
  test.each<[string, Partial<Evidence>, string]>([
    ['whose vCPU ran through it is the tenant’s', {}, 'tenant=100 ringFull ranThrough'],
    [
      'is the provider’s when a stall was as long as the free buffers last',
      { guest: stalled(ms) },
      'provider=100 ringFull stall',
    ],
    [
      'is nobody’s when waits that were a nanosecond less may have cost it: the ring may have been nearly full before',
      { guest: stalled(ms - 1) },
      'unknown=100 ringFull',
    ],
    [
      'is the tenant’s but for what was offered in shorter waits',
      { guest: stalled(40_999) },
      'tenant=60 unknown=40 ringFull ranThrough',
    ],
    [
      'and in those of polling threads',
      { guest: stalled(40_000), pmds: pmdStalled(59_000) },
      'tenant=1 unknown=99 ringFull ranThrough',
    ],
    [
      'is nobody’s when the stall may have been so long, or not',
      { guest: stalled(ms, { lowNs: ms - 1 }) },
      'unknown=100 ringFull',
    ],
    [
      'has the size of the ring for its free buffers where no sample before it told them',
      { rings: rings({ freeMost: null }), guest: stalled(1_024_000) },
      'provider=100 ringFull stall',
    ],
    [
      'and not a nanosecond less',
      { rings: rings({ freeMost: null }), guest: stalled(1_023_999), packets: 1_024n },
      'tenant=1 unknown=1023 ringFull ranThrough',
    ],
    [
      'is the provider’s when it met a gap of a polling thread',
      { pmds: pmdStalled(ms) },
      'provider=100 ringFull stall',
    ],
    ['of a vCPU that waits, too', { guest: stalled(ms, { kind: 'waiting' }) }, 'provider=100 ringFull stall'],
    ['of one that the host stopped, too', { guest: stalled(ms, { kind: 'stopped' }) }, 'provider=100 ringFull stall'],
    ['of one that was slow to wake up is nobody’s', { guest: stalled(ms, { kind: 'wakeup' }) }, 'unknown=100 ringFull'],
    ['of one that is in part, too', { guest: stalled(ms, { kind: 'mixed' }) }, 'unknown=100 ringFull'],
    [
      'but the provider’s when the ring ran full while it surely waited: there was room when it would have run',
      { guest: stalled(100 * ms, { kind: 'wakeup', fromNs: 480 * ms, toNs: 600 * ms }) },
      'provider=100 ringFull stall',
    ],
    [
      'and of whatever kind that wait was',
      { guest: stalled(100 * ms, { kind: 'mixed', fromNs: 480 * ms, toNs: 600 * ms }) },
      'provider=100 ringFull stall',
    ],
    [
      'not when the wait may have begun a nanosecond after the ring ran full',
      { guest: stalled(100 * ms, { kind: 'wakeup', fromNs: 480 * ms, toNs: 600 * ms + 1 }) },
      'unknown=100 ringFull',
    ],
    [
      'nor when it may have been over by then',
      { guest: stalled(100 * ms, { kind: 'wakeup', fromNs: 400 * ms, toNs: 600 * ms }) },
      'unknown=100 ringFull',
    ],
    [
      'nor when it was shorter than filling takes',
      { guest: stalled(ms - 1, { kind: 'wakeup', fromNs: 500 * ms - 1, toNs: 500 * ms + 1 }) },
      'unknown=100 ringFull',
    ],
    [
      'nor of a polling thread: it puts no packet into a ring while it waits',
      {
        pmds: {
          threads: [waiting(3, 100 * ms)],
          stalls: [aStall({ tid: 3, kind: 'wakeup', fromNs: 480 * ms, toNs: 600 * ms, lowNs: 100 * ms })],
        },
      },
      'unknown=100 ringFull',
    ],
    [
      'is nobody’s when the stall was in the same second and met no run: who was slow is not known to a second',
      { guest: stalled(ms, { fromNs: 700 * ms, toNs: 702 * ms }) },
      'unknown=100 ringFull',
    ],
    [
      'nor when the stall only touches the run: both are half open',
      { guest: stalled(ms, { fromNs: 504 * ms, toNs: 506 * ms }) },
      'unknown=100 ringFull',
    ],
    [
      'is the tenant’s when the stall was two seconds away from all runs',
      { ...late, guest: guest({ threads: [aThread(7, 3, { waitedNs: [ms, 0, 0, 0, 0] })] }) },
      'tenant=100 ringFull ranThrough',
    ],
    [
      'but not when a sample was missed',
      {
        ...late,
        rings: { ...late.rings, whole: false },
        guest: guest({ threads: [aThread(7, 3, { waitedNs: [ms, 0, 0, 0, 0] })] }),
      },
      'unknown=100 ringFull',
    ],
    [
      'nor when part of the full time is in no run',
      {
        ...late,
        rings: { ...late.rings, fullNs: 5 * ms },
        guest: guest({ threads: [aThread(7, 3, { waitedNs: [ms, 0, 0, 0, 0] })] }),
      },
      'unknown=100 ringFull',
    ],
    [
      'is nobody’s when only one of two runs met a stall, and the other may have cost all of it',
      {
        rings: rings({
          fullNs: 8 * ms,
          runs: [
            { queue: 0, fromNs: 500 * ms, toNs: 504 * ms },
            { queue: 0, fromNs: 900 * ms, toNs: 904 * ms },
          ],
        }),
        guest: stalled(ms),
      },
      'unknown=100 ringFull',
    ],
    [
      'is the provider’s but for what was offered in runs that met none',
      { rings: twoRuns, guest: stalled(ms), packets: 5_000n },
      'provider=1000 unknown=4000 ringFull stall',
    ],
    [
      'not where those were more than a tenth of the time: bursts do not keep to a rate',
      { rings: { ...twoRuns, fullNs: 45 * ms }, guest: stalled(ms), packets: 50_000n },
      'unknown=50000 ringFull',
    ],
    [
      'and never more than was offered in the runs that met one',
      { rings: twoRuns, guest: stalled(ms), packets: 50_000n },
      'provider=40000 unknown=10000 ringFull stall',
    ],
    [
      'not where the ring was not sampled all the time: it may have been full for longer',
      { rings: { ...twoRuns, sampled: [true, true, false] }, guest: stalled(ms), packets: 5_000n },
      'unknown=5000 ringFull -ringSamples',
    ],
    [
      'is the provider’s when the whole guest was stopped for as long',
      { guest: guest({ stalls: [aStall({ kind: 'stopped' })], stopped: [{ fromNs: 400 * ms, toNs: 600 * ms }] }) },
      'provider=100 ringFull guestStopped',
    ],
    [
      'is nobody’s when the whole guest was stopped for less than filling takes',
      {
        guest: guest({
          stalls: [aStall({ kind: 'stopped', lowNs: ms - 1 })],
          stopped: [{ fromNs: 501 * ms, toNs: 503 * ms }],
        }),
      },
      'unknown=100 ringFull',
    ],
    [
      'is nobody’s when the guest was stopped at another time',
      { guest: guest({ stopped: [{ fromNs: 600 * ms, toNs: 700 * ms }] }) },
      'unknown=100 ringFull',
    ],
    [
      'of a guest none of whose vCPUs ran is nobody’s',
      { guest: guest({ threads: [aThread(7, 1, { ranNs: [899_999_999, 899_999_999, 899_999_999] })] }) },
      'unknown=100 ringFull',
    ],
    [
      'of one that left its CPU by itself is nobody’s: it may have been stopped',
      { guest: guest({ threads: [aThread(7, 1, { sleeps: [0, 1, 0] })] }) },
      'unknown=100 ringFull',
    ],
    [
      'of one of which nobody counted that is nobody’s',
      { guest: guest({ threads: [aThread(7, 1, { sleeps: [0, null, 0] })] }) },
      'unknown=100 ringFull',
    ],
    [
      'is nobody’s when a polling thread left its CPU by itself',
      { pmds: { threads: [aThread(3, 1, { sleeps: [0, 0, 1] })], stalls: [] } },
      'unknown=100 ringFull',
    ],
    [
      'of a vCPU whose waits of two seconds together could be one stall is nobody’s',
      { guest: guest({ threads: [aThread(7, 1, { waitedNs: [0, ms / 2, ms / 2] })] }) },
      'unknown=100 ringFull',
    ],
    [
      'of one whose waits could not is the tenant’s but for what they may have cost',
      { guest: guest({ threads: [aThread(7, 1, { waitedNs: [0, ms / 2, ms / 2 - 1] })] }), packets: 1_000n },
      'tenant=1 unknown=999 ringFull ranThrough',
    ],
    [
      'of one with many waits of which none was so long is the tenant’s',
      { guest: guest({ threads: [waiting(7, 9 * ms, ms - 1)] }), rings: rings({ fullNs: 40 * ms }), packets: 10_000n },
      'tenant=1000 unknown=9000 ringFull ranThrough',
    ],
    [
      'is the tenant’s less by the rate of the loss, where a burst was faster than its second',
      { guest: stalled(ms / 2), packets: 10_000n },
      'tenant=8750 unknown=1250 ringFull ranThrough',
    ],
    [
      'is nobody’s where waits were as long as the burst',
      { guest: guest({ threads: [waiting(7, 9 * ms, ms - 1)] }), packets: 10_000n },
      'unknown=10000 ringFull',
    ],
    [
      'of one of which one may have been is nobody’s',
      { guest: guest({ threads: [waiting(7, 9 * ms, ms)] }) },
      'unknown=100 ringFull',
    ],
    [
      'that fills twice as fast needs waits that are half as long',
      { offered: [2_000_000n], guest: guest({ threads: [waiting(7, ms / 2)] }) },
      'unknown=100 ringFull',
    ],
  ])('%s', (_name, over, expected) => {
    expect(told(anEvidence(over))).toBe(expected);
  });

  test.each<[string, Partial<Evidence>, string]>([
    ['ringSamples', { rings: null }, 'unknown=100 ringFull -ringSamples'],
    ['ringSamples', { rings: rings({ sampled: [true, true, false] }) }, 'unknown=100 ringFull -ringSamples'],
    ['ringSamples', { rings: rings({ sampled: [true] }) }, 'unknown=100 ringFull -ringSamples'],
    ['ringRuns', { rings: rings({ fullNs: 0, runs: [] }) }, 'unknown=100 ringFull -ringRuns'],
    ['ringSize', { rings: rings({ size: null, freeMost: null }) }, 'unknown=100 ringFull -ringSize'],
    ['offered', { offered: [null] }, 'unknown=100 ringFull -offered'],
    ['guest', { guest: null }, 'unknown=100 ringFull -guest'],
    ['guestThreads', { guest: guest({ threads: [] }) }, 'unknown=100 ringFull -guestThreads'],
    [
      'guestThreads',
      { guest: guest({ threads: [aThread(7, 1, { waitedNs: [0, null, 0] })] }) },
      'unknown=100 ringFull -guestThreads',
    ],
    ['pmdThreads', { pmds: null }, 'unknown=100 ringFull -pmdThreads'],
    ['pmdThreads', { pmds: { threads: [], stalls: [] } }, 'unknown=100 ringFull -pmdThreads'],
  ])('without %s it is unknown, and says so', (_name, over, expected) => {
    expect(told(anEvidence(over))).toBe(expected);
  });

  test('a stall proves the provider’s even where other evidence is missing', () => {
    expect(told(anEvidence({ guest: stalled(ms), pmds: null }))).toBe('provider=100 ringFull stall');
    const patchy = rings({ sampled: [true, false, true] });
    expect(told(anEvidence({ guest: stalled(ms), rings: patchy }))).toBe('provider=100 ringFull stall');
  });

  test('a stall that fills the ring at the rate of known seconds convicts where others are not known, and nobody is cleared', () => {
    const sampled = [true, true, true, true];
    const over = { slots: 2, offered: [1_000_000n, null], rings: rings({ sampled }) };
    expect(told(anEvidence({ ...over, guest: stalled(ms) }))).toBe('provider=100 ringFull stall');
    expect(told(anEvidence({ ...over, guest: stalled(ms - 1) }))).toContain('unknown=100 ringFull -offered');
    expect(told(anEvidence({ ...over, offered: [null, 1_000n], guest: stalled(ms) }))).toContain('unknown=100');
    const cut = { ...twoRuns, sampled };
    expect(told(anEvidence({ ...over, rings: cut, guest: stalled(ms), packets: 5_000n }))).toContain('unknown=5000');
  });

  test('what no processor explains is the contract’s up to what was offered above it', () => {
    const offered = [1_260n];
    const unread = { guest: null, offered, contract: rate };
    expect(told(anEvidence(unread))).toBe('contract=60 unknown=40 ringFull overRate -guest');
    expect(told(anEvidence({ ...unread, packets: 60n }))).toBe('contract=60 ringFull overRate');
    expect(told(anEvidence({ ...unread, offered: [1_200n] }))).toBe('unknown=100 ringFull -guest');
  });

  test('the processor comes before the rate', () => {
    const over = { offered: [1_000_000n], contract: rate };
    expect(told(anEvidence({ ...over, guest: stalled(ms) }))).toBe('provider=100 ringFull stall');
    expect(told(anEvidence(over))).toBe('tenant=100 ringFull ranThrough');
  });

  test('towards the host it is back-pressure, never packets: no rule gives any to anybody', () => {
    expect(told(anEvidence({ direction: 'fromGuest' }))).toBe('unknown=100 none -rule');
  });

  test('a guest of several stalls is told with the longest', () => {
    const stalls = [aStall({ lowNs: 3 * ms }), aStall({ lowNs: 9 * ms, kind: 'waiting' })];
    const { facts } = attribute(anEvidence({ guest: guest({ stalls }) }));
    expect(facts).toMatchObject({ of: 'guest', kind: 'waiting', stallNs: 9 * ms, runs: 1, fullNs: 4 * ms });
  });
});

describe('the rules', () => {
  test('each cause is spoken of by one rule at most, and is one that the catalogue knows', () => {
    const spoken = currentRules.rules.flatMap((rule) => rule.causes);
    expect(new Set(spoken).size).toBe(spoken.length);
    for (const cause of spoken) expect(Object.keys(causes)).toContain(cause);
  });

  test('docs/attribution.md says them word by word', () => {
    const document = readFileSync(new URL('../../../../docs/attribution.md', import.meta.url), 'utf8');
    expect(document).toContain(`## The rules, version ${currentRules.version}\n`);
    const rows = currentRules.rules.map(({ id, causes: of, directions, say }) => {
      const where = directions === undefined ? '' : ` (${directions.join(', ')})`;
      return `| \`${id}\` | ${of.join(', ')}${where} | ${say} |`;
    });
    for (const row of rows) expect(document).toContain(`${row}\n`);
    for (const name of missingNames) expect(document).toContain(`\`${name}\``);
  });

  test('a version that was stored can be found, and no other', () => {
    expect(rulesOf(currentRules.version)).toBe(currentRules);
    expect(rulesOf(0)).toBeUndefined();
  });

  test('other rules replay the same evidence', () => {
    const mild = { version: 99, rules: currentRules.rules.filter(({ id }) => id !== 'ringFull') };
    expect(attribute(anEvidence(), mild)).toMatchObject({ rule: 'none', ruleVersion: 99, packets: { unknown: 100n } });
  });
});
