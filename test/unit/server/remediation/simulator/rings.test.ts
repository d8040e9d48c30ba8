import { describe, expect, it } from 'vitest';
import { Rings } from '../../../../../server/remediation/simulator/rings.ts';

describe('rings of a thread', () => {
  it('come to what is worked out by hand, step for step', () => {
    const rings = new Rings([
      { cyclesPerPacket: 1_000, ring: 100, heldMost: 0 },
      { cyclesPerPacket: 500, ring: 50, heldMost: 30 },
    ]);
    const step = (...arrivals: number[]) => ({
      used: rings.poll([0, 1], Float64Array.from(arrivals), 1_000_000),
      polled: [...rings.polled],
      backlog: [...rings.backlog],
      held: [...rings.held],
      dropped: [...rings.dropped],
    });
    // 400 x 500 cycles leave 800 packets for the first; the other 100 fit its ring.
    expect(step(900, 400)).toEqual({
      used: 1_000_000,
      polled: [800, 400],
      backlog: [100, 0],
      held: [0, 0],
      dropped: [0, 0],
    });
    // 100 waited, 900 came, 800 were polled, 100 fit: 100 are lost.
    expect(step(900, 400)).toEqual({
      used: 1_000_000,
      polled: [1_600, 800],
      backlog: [100, 0],
      held: [0, 0],
      dropped: [100, 0],
    });
    // 1,800 of 2,100; 50 wait in the ring, 30 at their sender, 220 are lost.
    expect(step(0, 2_100)).toEqual({
      used: 1_000_000,
      polled: [1_700, 2_600],
      backlog: [0, 50],
      held: [0, 30],
      dropped: [100, 220],
    });
    expect(step(0, 0)).toEqual({
      used: 40_000,
      polled: [1_700, 2_680],
      backlog: [0, 0],
      held: [0, 0],
      dropped: [100, 220],
    });
    expect([rings.isBalanced(0), rings.isBalanced(1)]).toEqual([true, true]);
    expect([...rings.offered]).toEqual([1_800, 2_900]);
  });

  it('keep what comes while nobody polls as far as it fits, and forget a port that is deleted without calling it loss', () => {
    const rings = new Rings([{ cyclesPerPacket: 1_000, ring: 100, heldMost: 50 }]);
    rings.arrive(0, 170);
    expect([rings.backlog[0], rings.held[0], rings.dropped[0]]).toEqual([100, 50, 20]);
    rings.clear(0);
    expect([rings.backlog[0], rings.held[0], rings.dropped[0], rings.gone[0]]).toEqual([0, 0, 20, 150]);
    expect(rings.isBalanced(0)).toBe(true);
    rings.pass(0, 1_000);
    expect(rings.isBalanced(0)).toBe(true);
    rings.polled[0] = 999;
    expect(rings.isBalanced(0)).toBe(false);
  });
});
