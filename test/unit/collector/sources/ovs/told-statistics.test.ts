import { beforeEach, describe, expect, it } from 'vitest';
import type { VswitchSnapshot } from '../../../../../collector/sources/ovs/interfaces.ts';
import { StatisticsFollower } from '../../../../../collector/sources/ovs/told-statistics.ts';

const start = 1_800_000_000;

const at = (seconds: number) => ({
  wallNs: BigInt(Math.round((start + seconds) * 1000)) * 1_000_000n,
  monoNs: BigInt(Math.round(seconds * 1000)) * 1_000_000n,
});
const tick = (seconds: number) => ({ boundary: start + seconds, ...at(seconds), readSpanNs: 0n });
const snapshot = (drops: bigint, intervalMs = '') =>
  ({
    root: { otherConfig: new Map([['stats-update-interval', intervalMs]]) },
    interfaces: new Map([['u1', { uuid: 'u1', statistics: new Map([['rx_dropped', drops]]) }]]),
  }) as unknown as VswitchSnapshot;

let follower: StatisticsFollower;
const resync = (seconds: number, drops = 0n) =>
  follower.take({ snapshot: snapshot(drops), at: at(seconds), isResync: true, statistics: new Set() });
const refresh = (seconds: number, drops: bigint) =>
  follower.take({ snapshot: snapshot(drops), at: at(seconds), isResync: false, statistics: new Set(['u1']) });
/** What a kept tick writes: the end of its interval, and the drops. The database lives, unless another moment is given. */
const keep = (seconds: number, heard = seconds) => {
  follower.hear(at(heard));
  const told = follower.next(tick(seconds));
  follower.kept();
  return told && [told.time.boundary - start, told.statistics.get('u1')?.get('rx_dropped')];
};

beforeEach(() => {
  follower = new StatisticsFollower();
});

describe('statistics of the database', () => {
  it('what stands there on connecting is no reading', () => {
    resync(0, 7n);
    expect(keep(1)).toBeUndefined();
  });

  it('a refresh is one, once, at the nearest second', () => {
    resync(0);
    refresh(3.4, 7n);
    expect(keep(4)).toEqual([3, 7n]);
    expect(keep(5)).toBeUndefined();
    refresh(8.6, 9n);
    expect(keep(9)).toEqual([9, 9n]);
  });

  it('is told again when the tick was not kept', () => {
    refresh(3.4, 7n);
    expect(follower.next(tick(4))?.time.boundary).toBe(start + 3);
    expect(keep(5)).toEqual([3, 7n]);
  });

  it('silence says that nothing changed, up to ten seconds ago, every five seconds', () => {
    resync(0, 7n);
    expect([1, 5, 10, 14].map((second) => keep(second))).toEqual([undefined, undefined, undefined, undefined]);
    expect(keep(15)).toEqual([5, 7n]);
    expect(keep(16)).toBeUndefined();
    expect(keep(20)).toEqual([10, 7n]);
  });

  it('where the daemon writes less often, silence must last longer', () => {
    follower.take({ snapshot: snapshot(7n, '30000'), at: at(0), isResync: true, statistics: new Set() });
    expect([15, 60, 89].map((second) => keep(second))).toEqual([undefined, undefined, undefined]);
    expect(keep(90)).toEqual([30, 7n]);
  });

  it('silence says nothing beyond the last sign of life', () => {
    resync(0, 7n);
    expect(keep(40, 14)).toBeUndefined();
    expect(keep(41, 27)).toEqual([17, 7n]);
    expect(keep(60, 31)).toBeUndefined();
    expect(keep(61, 61)).toEqual([51, 7n]);
  });

  it('silence says nothing while the database is away', () => {
    resync(0, 7n);
    follower.loseHearing();
    expect(keep(60)).toBeUndefined();
    resync(60, 7n);
    expect(keep(70)).toBeUndefined();
    expect(keep(75)).toEqual([65, 7n]);
  });

  it('what another daemon left behind is not read as of the new one', () => {
    resync(0);
    refresh(3, 7n);
    follower.forget(at(4));
    expect(follower.previous).toBeUndefined();
    expect(keep(5)).toBeUndefined();
    refresh(8, 1n);
    expect(keep(8)).toEqual([8, 1n]);
  });

  it('two refreshes that fall on one second are one reading, the later one', () => {
    refresh(2.6, 1n);
    refresh(3.4, 2n);
    expect(keep(4)).toEqual([3, 2n]);
  });
});
