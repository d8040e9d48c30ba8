import { describe, expect, test } from 'vitest';
import type { HostLive } from '../../../../server/live/host-live.ts';
import { lagSeconds, watermarkOf } from '../../../../server/live/watermark.ts';

/** Hosts with the last slot they told and how long ago that arrived, ms. */
function aFleet(hosts: Readonly<Record<string, readonly [slot: number, agoMs: number]>>) {
  const of = Object.entries(hosts).map(([host, [slot, agoMs]]) => {
    return [host, { host, lastTick: { slot }, arrivedAtMs: 100_000 - agoMs } as unknown as HostLive] as const;
  });
  return { hosts: new Map(of) };
}
const clock = { monoMs: 100_000, startedMonoMs: 0, staleAfterMs: 5_000 };
const stored = (of: Readonly<Record<string, number>>) => new Map(Object.entries(of));

describe('the watermark', () => {
  test('is the earliest that is stored of the hosts that are heard', () => {
    const fleet = aFleet({ a: [1009, 0], b: [1009, 0] });
    expect(watermarkOf(fleet, stored({ a: 1010, b: 1007 }), clock, undefined)).toEqual({
      completeTo: 1007,
      silent: [],
    });
    expect(watermarkOf(fleet, stored({ a: 1010, b: 1007 }), clock, 'a').completeTo).toBe(1010);
  });

  test('is not held back by a silent host, which is named with the end of its last slot', () => {
    const fleet = aFleet({ a: [1009, 0], b: [900, 60_000], c: [950, 30_000] });
    const told = watermarkOf(fleet, stored({ a: 1008, b: 901 }), clock, undefined);
    expect(told).toEqual({
      completeTo: 1008,
      silent: [
        { host: 'b', since: 901 },
        { host: 'c', since: 951 },
      ],
    });
    expect(watermarkOf(fleet, stored({ b: 901 }), clock, 'b')).toEqual({
      completeTo: undefined,
      silent: [{ host: 'b', since: 901 }],
    });
  });

  test('is what the store says after a restart, and calls nobody silent before it has listened for long enough', () => {
    const early = { ...clock, startedMonoMs: 98_000 };
    const told = watermarkOf(aFleet({}), stored({ a: 1008, b: 1000 }), early, undefined);
    expect(told).toEqual({ completeTo: 1000, silent: [] });
    const late = watermarkOf(aFleet({ a: [1020, 0] }), stored({ a: 1008, b: 1000 }), clock, undefined);
    expect(late).toEqual({ completeTo: 1008, silent: [{ host: 'b', since: 1000 }] });
  });

  test('is unknown while nothing of a host that is heard is stored, and when nobody is heard', () => {
    expect(watermarkOf(aFleet({ a: [1009, 0] }), stored({}), clock, undefined).completeTo).toBeUndefined();
    expect(watermarkOf(aFleet({}), stored({}), clock, undefined)).toEqual({ completeTo: undefined, silent: [] });
  });

  test('never lies beyond what is told: a clock that ran ahead has left slots in the future', () => {
    expect(watermarkOf(aFleet({ a: [1009, 0] }), stored({ a: 5000 }), clock, undefined).completeTo).toBe(1010);
  });
});

test('the lag is event time, and unknown where one side is', () => {
  expect([lagSeconds(1010, 1008), lagSeconds(1010, 1010), lagSeconds(1000, 1010)]).toEqual([2, 0, 0]);
  expect([lagSeconds(undefined, 1008), lagSeconds(1010, undefined)]).toEqual([undefined, undefined]);
});
