import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSlots } from '../../../../server/sli/coverage.ts';
import { delivery, packetDelivery, partsPerBillion } from '../../../../server/sli/packet-delivery.ts';

const sums = { direction: 'rx', packets: 0n, dropsOutside: 0n, dropsInside: 0n, dropsBeside: 0n } as const;
const allKnown = countSlots(10, { observed: 10, bridged: 0, suspect: 0 });

describe('delivery', () => {
  it('the worked example: 1,000 counted, 3 missed before, 2 lost after', () => {
    expect(delivery({ ...sums, packets: 1000n, dropsOutside: 3n, dropsInside: 2n })).toEqual({
      offered: 1003n,
      delivered: 998n,
      drops: 5n,
    });
  });

  it('a queueing discipline loses before the port counts on the way out, after it on the way in', () => {
    const beside = { ...sums, packets: 100n, dropsBeside: 7n };
    expect(delivery({ ...beside, direction: 'tx' })).toEqual({ offered: 107n, delivered: 100n, drops: 7n });
    expect(delivery({ ...beside, direction: 'rx' })).toEqual({ offered: 100n, delivered: 93n, drops: 7n });
  });

  it('more lost after the count than was counted is taken as offered beside it, never as less than nothing delivered', () => {
    expect(delivery({ ...sums, dropsInside: 5n })).toEqual({ offered: 5n, delivered: 0n, drops: 5n });
    expect(packetDelivery({ ...sums, dropsInside: 5n }, allKnown)).toMatchObject({ verdict: 'measured', bad: 5n });
  });

  it('offered is always delivered and dropped together', () => {
    const count = fc.bigInt(0n, 1n << 60n);
    const direction = fc.constantFrom('rx', 'tx', 'toGuest', 'fromGuest');
    fc.assert(
      fc.property(direction, count, count, count, count, (way, packets, dropsOutside, dropsInside, dropsBeside) => {
        const told = delivery({ direction: way, packets, dropsOutside, dropsInside, dropsBeside });
        expect(told.delivered + told.drops).toBe(told.offered);
        expect(told.delivered).toBeGreaterThanOrEqual(0n);
      }),
    );
  });
});

describe('packet delivery', () => {
  it('nothing known is unknown, not 100 %', () => {
    const slots = countSlots(10, { observed: 0, bridged: 0, suspect: 0 });
    expect(packetDelivery(sums, slots).verdict).toBe('unknown');
  });

  it('nothing offered is no traffic only when every slot is known', () => {
    expect(packetDelivery(sums, allKnown).verdict).toBe('noTraffic');
    expect(packetDelivery(sums, countSlots(10, { observed: 9, bridged: 0, suspect: 0 })).verdict).toBe('unknown');
  });

  it('every drop is bad while no owner is known', () => {
    const told = packetDelivery({ ...sums, packets: 10n, dropsInside: 1n, dropsOutside: 2n }, allKnown);
    expect(told).toMatchObject({ bad: 3n, offered: 12n, delivered: 9n, verdict: 'measured' });
  });

  it('the display is floored: 99.99999999 % is not told as 100 %', () => {
    expect(partsPerBillion(998n, 1003n)).toBe(995_014_955n);
    expect(partsPerBillion((1n << 60n) - 1n, 1n << 60n)).toBe(999_999_999n);
    expect(partsPerBillion(5n, 5n)).toBe(1_000_000_000n);
    expect(partsPerBillion(0n, 0n)).toBeNull();
  });
});

describe('coverage', () => {
  it('the worked example: 300 s, 250 observed, 40 bridged, 10 unknown', () => {
    expect(countSlots(300, { observed: 250, bridged: 40, suspect: 3 })).toEqual({
      expected: 300,
      observed: 250,
      bridged: 40,
      unknown: 10,
      suspect: 3,
    });
  });
});
