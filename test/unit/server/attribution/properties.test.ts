import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { causes } from '../../../../core/catalogue/causes.ts';
import { stallKinds } from '../../../../core/catalogue/thread-kinds.ts';
import type { Evidence } from '../../../../server/attribution/evidence.ts';
import { attribute } from '../../../../server/attribution/rules.ts';
import { ms } from './an-evidence.ts';

const slots = 2;
const ns = (max: number) => fc.integer({ min: 0, max });
const span = fc.tuple(ns(1_900), fc.integer({ min: 1, max: 300 })).map(([from, length]) => {
  return { fromNs: from * ms, toNs: (from + length) * ms };
});
const perSlot = (max: number, missing: number) =>
  fc.array(fc.option(ns(max), { freq: missing, nil: null }), { minLength: slots + 2, maxLength: slots + 2 });
/** Of all values that could be null one in `missing` is: large enough that many are whole. */
const threads = (tid: number) =>
  fc.record({
    threads: fc.array(
      fc.record({
        tid: fc.constant(tid),
        ranNs: fc.oneof(fc.constant([1e9, 1e9, 1e9, 1e9]), perSlot(1e9, 50)),
        waitedNs: fc.oneof(fc.constant([0, 0, 0, 0]), perSlot(3 * ms, 50)),
        longestNs: perSlot(3 * ms, 2),
        sleeps: fc.oneof(fc.constant([0, 0, 0, 0]), perSlot(1, 20)),
      }),
      { maxLength: 2 },
    ),
    stalls: fc.array(
      fc
        .record({ tid: fc.constant(tid), kind: fc.constantFrom(...stallKinds), lowNs: ns(4 * ms), highNs: ns(4 * ms) })
        .chain((stall) => span.map((at) => ({ ...at, ...stall }))),
      { maxLength: 3 },
    ),
  });

const anything: fc.Arbitrary<Evidence> = fc.record({
  host: fc.constant('cn1'),
  port: fc.constant('p1'),
  direction: fc.constantFrom('rx', 'tx', 'toGuest', 'toGuest', 'toGuest', 'fromGuest'),
  cause: fc.oneof(fc.constant('vhost_ring_full'), fc.constantFrom(...Object.keys(causes))),
  place: fc.constant('outside'),
  slot: fc.constant(1_793_491_200),
  slots: fc.constant(slots),
  packets: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
  offered: fc.array(fc.option(fc.bigInt({ min: 0n, max: 2_000_000n }), { freq: 10, nil: null }), {
    minLength: slots,
    maxLength: slots,
  }),
  contract: fc.option(
    fc.record({
      name: fc.constant('gold'),
      version: fc.constant(1),
      committedPps: fc.bigInt({ min: 0n, max: 1_500_000n }),
      burstPackets: fc.constant(1_000n),
      savedPackets: fc.bigInt({ min: 0n, max: 1_000n }),
      takenPackets: fc.bigInt({ min: 0n, max: 1_000n }),
    }),
    { nil: null },
  ),
  rings: fc.option(
    fc.record({
      size: fc.option(fc.constant(1_024), { nil: null }),
      freeMost: fc.option(fc.integer({ min: 1, max: 1_024 }), { nil: null }),
      sampled: fc.oneof(
        fc.constant([true, true, true, true]),
        fc.array(fc.boolean(), { minLength: slots + 2, maxLength: slots + 2 }),
      ),
      whole: fc.boolean(),
      fullNs: ns(400 * ms),
      runs: fc.array(
        span.map((at) => ({ queue: 0, ...at })),
        { maxLength: 3 },
      ),
    }),
    { nil: null },
  ),
  guest: fc.option(
    threads(7).chain((read) => fc.array(span, { maxLength: 1 }).map((stopped) => ({ name: 'vm1', ...read, stopped }))),
    { nil: null },
  ),
  pmds: fc.option(threads(3), { nil: null }),
  absence: fc.option(
    fc.record({
      admin: fc.subarray(['up', 'down']),
      link: fc.subarray(['up', 'down']),
      ports: fc.subarray(['vhu3', 'vhu4']),
    }),
    { nil: null },
  ),
});

/** Readings that are all there, of processors that waited often and never long, or once long and two seconds away. */
const clear = fc
  .record({ told: anything, waits: ns(9 * ms), far: fc.boolean() })
  .map(({ told, waits, far }): Evidence => {
    const four = <T>(value: T): T[] => [value, value, value, value];
    const waited = far ? [waits, 0, 0, 0] : [0, waits, waits, 0];
    const thread = { ranNs: four(1e9), waitedNs: waited, longestNs: far ? four(null) : four(1_000), sleeps: four(0) };
    const run = { queue: 0, fromNs: 2_500 * ms, toNs: 2_504 * ms };
    return {
      ...told,
      ...{ direction: 'toGuest', cause: 'vhost_ring_full', offered: [1_000_000n, 900_000n] },
      rings: { size: 1_024, freeMost: null, sampled: four(true), whole: true, fullNs: 4 * ms, runs: [run] },
      guest: { name: 'vm1', threads: [{ tid: 7, ...thread }], stalls: [], stopped: [] },
      pmds: { threads: [{ tid: 3, ...thread, waitedNs: four(0) }], stalls: [] },
    };
  });
const evidence = fc.oneof({ arbitrary: anything, weight: 3 }, { arbitrary: clear, weight: 1 });

/** Ways in which something that was read could have been missing. */
const losses: Readonly<Record<string, (told: Evidence) => Evidence>> = {
  'no samples of rings': (told) => ({ ...told, rings: null }),
  'a second without samples': (told) => ({
    ...told,
    rings: told.rings && { ...told.rings, sampled: told.rings.sampled.map((is, i) => is && i !== 1) },
  }),
  'samples that were missed': (told) => ({ ...told, rings: told.rings && { ...told.rings, whole: false } }),
  'no size of the ring': (told) => ({ ...told, rings: told.rings && { ...told.rings, size: null, freeMost: null } }),
  'no guest': (told) => ({ ...told, guest: null }),
  'no threads of the guest': (told) => ({ ...told, guest: told.guest && { ...told.guest, threads: [] } }),
  'a thread that was not observed': (told) => ({
    ...told,
    guest: told.guest && { ...told.guest, threads: told.guest.threads.map(blinded) },
  }),
  'stalls that were not sampled': (told) => ({
    ...told,
    guest: told.guest && {
      ...told.guest,
      threads: told.guest.threads.map((thread) => ({ ...thread, longestNs: thread.longestNs.map(() => null) })),
    },
  }),
  'sleeps that were not counted': (told) => ({
    ...told,
    guest: told.guest && {
      ...told.guest,
      threads: told.guest.threads.map((thread) => ({ ...thread, sleeps: thread.sleeps.map(() => null) })),
    },
  }),
  'no polling threads': (told) => ({ ...told, pmds: null }),
  'a second of traffic': (told) => ({ ...told, offered: told.offered.map((packets, i) => (i === 0 ? null : packets)) }),
  'no contract': (told) => ({ ...told, contract: null }),
};

type Threads = NonNullable<Evidence['guest']>['threads'];

function blinded(thread: Threads[number]): Threads[number] {
  return { ...thread, waitedNs: thread.waitedNs.map((waited, i) => (i === 2 ? null : waited)) };
}

describe('whatever is read', () => {
  test('packets by owner are those of the row, and none is negative', () => {
    fc.assert(
      fc.property(evidence, (told) => {
        const { packets } = attribute(told);
        expect(packets.provider + packets.tenant + packets.contract + packets.unknown).toBe(told.packets);
        for (const count of Object.values(packets)) expect(count).toBeGreaterThanOrEqual(0n);
      }),
      { numRuns: 2_000 },
    );
  });

  test('whatever stays unknown without a reason was looked at with all the evidence there', () => {
    fc.assert(
      fc.property(evidence, (told) => {
        const { packets, missing } = attribute(told);
        if (packets.unknown === 0n) expect(missing).toEqual([]);
        expect(new Set(missing).size).toBe(missing.length);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(Object.keys(losses))('%s makes nobody the owner of what was unknown', (name) => {
    let changed = 0;
    fc.assert(
      fc.property(evidence, (told) => {
        const before = attribute(told).packets;
        const after = attribute((losses[name] as (typeof losses)[string])(told)).packets;
        if (before.unknown !== after.unknown) changed++;
        expect(after.tenant <= before.tenant && after.provider <= before.provider).toBe(true);
        // What was a tenant's or the provider's may be above the rate as well: that the contract takes.
        if (before.unknown === told.packets) expect(after).toEqual(before);
      }),
      { numRuns: 1_500 },
    );
    expect(changed).toBeGreaterThan(0);
  });

  test('owners of every kind are drawn', () => {
    const seen = new Set<string>();
    for (const told of fc.sample(evidence, { numRuns: 4_000, seed: 1 })) {
      if (told.cause !== 'vhost_ring_full') continue;
      for (const [owner, count] of Object.entries(attribute(told).packets)) if (count > 0n) seen.add(owner);
    }
    expect([...seen].sort()).toEqual(['contract', 'provider', 'tenant', 'unknown']);
  });
});
