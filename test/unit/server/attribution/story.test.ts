import { describe, expect, test } from 'vitest';
import { type Evidence, missingNames } from '../../../../server/attribution/evidence.ts';
import { attribute } from '../../../../server/attribution/rules.ts';
import { storyOf } from '../../../../server/attribution/story.ts';
import { absence, anEvidence, aStall, guest, ms, pmdStalled, rings } from './an-evidence.ts';

const rate = { name: 'gold', version: 1, committedPps: 1_000n, burstPackets: 0n, savedPackets: 0n, takenPackets: 0n };

describe('a story', () => {
  test.each<[Partial<Evidence>, string]>([
    [{ pmds: pmdStalled(2 * ms) }, 'a stall of 2.000 ms (involuntary, polling thread 3)'],
    [{}, "the guest's 2 threads and the polling threads ran through 4.000 ms of a full ring"],
    [
      {
        guest: guest({
          stalls: [aStall({ kind: 'stopped', lowNs: 700 * ms })],
          stopped: [{ fromNs: 0, toNs: 900 * ms }],
        }),
      },
      'all threads of the guest were stopped (guestStopped) at each of 1 times that the ring was full, one of them for 700.000 ms',
    ],
    [
      {
        pmds: pmdStalled(2 * ms),
        rings: rings({ fullNs: 4 * ms + 100, runs: [...rings().runs, { queue: 0, fromNs: 0, toNs: 100 }] }),
      },
      '; what was offered in 0.000 ms more of a full ring is not explained by that',
    ],
    [{ cause: 'vhost_down', absence: absence() }, 'the guest was off or not connected: no service was offered'],
    [
      { cause: 'vhost_down', place: 'beside', direction: 'rx', absence: absence({ ports: ['vhu3', 'vhu4'] }) },
      'the guest of vhu3 or vhu4 was off or not connected',
    ],
    [
      { cause: 'vhost_down', absence: absence({ admin: ['down'] }) },
      'the port had been set down. Unknown: nothing tells who set the port down',
    ],
    [{ cause: 'no_mbuf', direction: 'rx' }, 'the host’s'],
    [
      { cause: 'shaper', offered: [1_050n], contract: rate },
      '50 packets were offered above 1000 packets/s of contract gold in 1 s',
    ],
    [{ guest: null }, 'the ring was full for 4.000 ms. Unknown: it is not known which guest is behind the port'],
    [{ cause: 'mtu' }, 'no contract says which frames were agreed'],
    [{ cause: 'tx_ring_full' }, 'no rule speaks of this cause'],
  ])('says what decided: %#', (over, expected) => {
    const { rule, facts, missing } = attribute(anEvidence(over));
    expect(storyOf({ rule, facts, missing })).toContain(expected);
  });

  test('has words for everything that can be missing, and for nothing at all', () => {
    // What it has no words for it tells by its name, which has no blank.
    for (const name of missingNames) expect(storyOf({ rule: '', facts: {}, missing: [name] })).toContain(' ');
    expect(storyOf({ rule: '', facts: {}, missing: [] })).toBe('what was read proves nobody');
  });
});
