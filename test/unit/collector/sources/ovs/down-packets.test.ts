import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DownPackets } from '../../../../../collector/sources/ovs/down-packets.ts';

describe('packets to guests that are away', () => {
  it('the worked example', () => {
    const down = new DownPackets();
    down.begin({ sent: 1000n, counted: 990n });
    expect(down.read({ sent: 1500n, counted: 1200n })).toBe(290n);
  });

  it('counts nothing before it began, nor after it lost its place', () => {
    const down = new DownPackets();
    expect(down.read({ sent: 5n, counted: 0n })).toBeUndefined();
    down.begin({ sent: 5n, counted: 0n });
    down.lose();
    expect(down.isCounting).toBe(false);
    expect(down.read({ sent: 9n, counted: 0n })).toBeUndefined();
  });

  it('is a counter of its own after each beginning', () => {
    const down = new DownPackets();
    down.begin({ sent: 0n, counted: 0n });
    down.begin({ sent: 10n, counted: 0n });
    expect(down.beginnings).toBe(2);
    expect(down.read({ sent: 12n, counted: 0n })).toBe(2n);
  });

  it('is never above the truth, never falls, and is exact once sending has paused', () => {
    const step = fc.record({ up: fc.nat(1000), down: fc.nat(1000), skew: fc.nat(200) });
    fc.assert(
      fc.property(fc.nat(200), fc.array(step, { minLength: 1, maxLength: 20 }), (skewAtStart, steps) => {
        const counter = new DownPackets();
        // Asked first, the ports have not yet counted what passes until the threads are asked.
        let [sent, counted, truth, last] = [5000n, 5000n, 0n, 0n];
        counter.begin({ sent: sent + BigInt(skewAtStart), counted });
        sent += BigInt(skewAtStart);
        counted += BigInt(skewAtStart);
        for (const { up, down, skew } of steps) {
          sent += BigInt(up + down);
          counted += BigInt(up);
          truth += BigInt(down);
          const told = counter.read({ sent, counted: counted + BigInt(skew) }) as bigint;
          sent += BigInt(skew);
          counted += BigInt(skew);
          expect(told <= truth && told >= last).toBe(true);
          last = told;
        }
        const settled = counter.read({ sent, counted }) as bigint;
        expect(truth - settled).toBe(BigInt(skewAtStart) < truth ? BigInt(skewAtStart) : truth);
      }),
    );
  });
});
