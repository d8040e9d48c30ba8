import { describe, expect, test } from 'vitest';
import { overflowSeconds, type QueueSlot, queueSlots, type Signal } from '../../../../server/sli/queue-build-up.ts';

const of = (num: number, den: number): Signal => ({ num: BigInt(num), den: BigInt(den) });
const quiet: QueueSlot = { fillP99: of(100, 1024), retries: of(0, 1000), busy: of(50, 100) };
const told = (...slots: Partial<QueueSlot>[]) => [...queueSlots(slots.map((slot) => ({ ...quiet, ...slot })))];
const busy = { busy: of(96, 100) };
const unread: Partial<QueueSlot> = { busy: 'unknown' };

describe('one slot', () => {
  test.each<[string, Partial<QueueSlot>, string]>([
    ['quiet', {}, 'good'],
    // 0.8 of 1,024 is 819.2.
    ['819 of 1,024', { fillP99: of(819, 1024) }, 'good'],
    ['820 of 1,024', { fillP99: of(820, 1024) }, 'bad'],
    ['0.8 exactly', { fillP99: of(800, 1000) }, 'bad'],
    ['1 retry of 1,000', { retries: of(1, 1000) }, 'good'],
    ['2 retries of 1,999', { retries: of(2, 1999) }, 'bad'],
    ['retries, and nothing delivered', { retries: of(1, 0) }, 'bad'],
    ['neither', { retries: of(0, 0) }, 'good'],
    ['busy for one slot', busy, 'good'],
    ['an unread fill', { fillP99: 'unknown' }, 'unknown'],
    ['an unread fill beside retries', { fillP99: 'unknown', retries: of(9, 1000) }, 'bad'],
    ['a ring without a size', { fillP99: of(0, 0) }, 'unknown'],
    ['no retries in this kind of queue', { retries: 'absent' }, 'good'],
    ['no signal at all', { fillP99: 'absent', retries: 'absent', busy: 'absent' }, 'notExercised'],
  ])('%s', (_, slot, expected) => expect(told(slot)).toEqual([expected]));
});

describe('a busy PMD', () => {
  test.each<[string, Partial<QueueSlot>[], string[]]>([
    ['the worked example', [busy, busy, busy, busy], ['good', 'good', 'bad', 'bad']],
    [
      'the worked example with slot 2 unknown',
      [busy, unread, busy, busy, busy],
      ['good', 'unknown', 'unknown', 'unknown', 'bad'],
    ],
    ['a pause begins anew', [busy, busy, {}, busy, busy], ['good', 'good', 'good', 'good', 'good']],
    ['95 % is busy', [{ busy: of(95, 100) }, busy, busy], ['good', 'good', 'bad']],
    ['94.9 % is not', [{ busy: of(949, 1000) }, busy, busy], ['good', 'good', 'good']],
    // Two unknown and one busy may be three in a row.
    ['unknown before', [unread, unread, busy, {}], ['unknown', 'unknown', 'unknown', 'good']],
  ])('%s', (_, slots, expected) => expect(told(...slots)).toEqual(expected));
});

describe('time to overflow', () => {
  const flow = { sizePackets: 1024n, usedPackets: 224n, arrivingPps: 14_880_952n, servedPps: 14_000_000n };
  test('the worked example', () => {
    expect(overflowSeconds(flow)).toEqual({ num: 800n, den: 880_952n });
    expect((1_000_000n * 800n) / 880_952n).toBe(908n);
  });
  test('a ring that is served as fast as it is filled does not', () => {
    expect(overflowSeconds({ ...flow, servedPps: 14_880_952n })).toBeNull();
    expect(overflowSeconds({ ...flow, servedPps: 20_000_000n })).toBeNull();
  });
  test('a full one has no time left', () => {
    expect(overflowSeconds({ ...flow, usedPackets: 1024n })?.num).toBe(0n);
    expect(overflowSeconds({ ...flow, usedPackets: 1025n })?.num).toBe(0n);
  });
});
