import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LiveSlot, PathWindow, type WindowSums } from '../../../../server/live/path-window.ts';

const seconds = 40;
const counter = fc.option(fc.bigInt({ min: 0n, max: 2n ** 56n }), { nil: null });
const row = fc.record({
  // Mostly onward, sometimes back, as after a step of the clock.
  step: fc.integer({ min: -5, max: 12 }),
  slots: fc.integer({ min: 1, max: 20 }),
  state: fc.constantFrom('observed', 'bridged', 'unknown'),
  suspect: fc.boolean(),
  packets: counter,
  bytes: counter,
  dropsOutside: counter,
  dropsInside: counter,
});

/** The same rule said with plain rows. */
class PlainWindow {
  #rows: LiveSlot[] = [];

  add(added: LiveSlot): void {
    this.#rows.push(added);
    const keepFrom = added.slot + added.slots - seconds;
    const endOf = ({ slot, slots }: LiveSlot) => slot + slots;
    while (this.#rows.length > 1) {
      if (this.#rows.length <= seconds && endOf(this.#rows[0] as LiveSlot) > keepFrom) return;
      this.#rows.shift();
    }
  }

  sums(from: number, to: number): WindowSums {
    const inside = this.#rows.filter(({ slot, slots }) => slot >= from && slot + slots <= to);
    const good = inside.filter(({ suspect, state }) => !suspect && state !== 'unknown');
    const slotsOf = (state: string) => good.reduce((sum, each) => sum + (each.state === state ? each.slots : 0), 0);
    const total = (of: 'packets' | 'bytes' | 'dropsOutside' | 'dropsInside') =>
      good.reduce((sum, each) => sum + (each[of] ?? 0n), 0n);
    return {
      observed: slotsOf('observed'),
      bridged: slotsOf('bridged'),
      suspect: inside.filter(({ suspect, state }) => suspect && state === 'observed').length,
      packets: total('packets'),
      bytes: total('bytes'),
      dropsOutside: total('dropsOutside'),
      dropsInside: total('dropsInside'),
    };
  }
}

describe('the last seconds of a path', () => {
  test('sum as plain rows do, whatever comes in which order, counters beyond 2^53 included', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 200 }), fc.integer({ min: 0, max: 60 }), (added, reach) => {
        const [window, plain] = [new PathWindow(seconds), new PlainWindow()];
        let slot = 1_700_000_000;
        for (const { step, ...rest } of added) {
          slot += step;
          window.add({ slot, ...rest });
          plain.add({ slot, ...rest });
          expect(window.sums(slot - reach, slot + 10)).toEqual(plain.sums(slot - reach, slot + 10));
        }
        expect(window.sums(0, 2 ** 32)).toEqual(plain.sums(0, 2 ** 32));
      }),
    );
  });

  test('never hold more rows than seconds', () => {
    const window = new PathWindow(seconds);
    const one = { slots: 1, state: 'observed', suspect: false, packets: 1n, bytes: 0n } as const;
    for (let i = 0; i < 1000; i++) window.add({ slot: 5, ...one, dropsOutside: 0n, dropsInside: 0n });
    expect(window.sums(0, 10).packets).toBe(BigInt(seconds));
  });
});
