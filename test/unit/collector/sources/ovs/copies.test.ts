import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CopyCounter, type CopySums } from '../../../../../collector/sources/ovs/copies.ts';
import type { DatapathFlow } from '../../../../../collector/sources/ovs/dump-flows.ts';

const aFlow: DatapathFlow = {
  core: 1,
  ufid: 'u1',
  inPort: 1,
  packets: 0n,
  bytes: 0n,
  offloaded: 'no',
  outputs: 1,
  conditionalOutputs: 0,
  drop: false,
  userspace: false,
  consumes: false,
  tunnelPop: false,
  recirc: false,
  meter: false,
};

/** The daemon sends nothing itself. */
const quiet = { executed: 0n, ports: 5 };

function sumsOf(...readings: (readonly Partial<DatapathFlow>[])[]) {
  const counter = new CopyCounter();
  let sums: CopySums = { copies: 0n, consumed: 0n, uncertain: null, flows: 0 };
  let hit = 0n;
  let missed = 0n;
  const before = new Map<string, bigint>();
  for (const reading of readings) {
    const flows = reading.map((flow, i) => ({ ...aFlow, ufid: `u${i}`, ...flow }));
    for (const { ufid, packets } of flows) {
      const last = before.get(ufid ?? '');
      if (last === undefined) missed++;
      hit += packets - (last ?? 0n);
      before.set(ufid ?? '', packets);
    }
    sums = counter.add({ flows, hit, missed, ...quiet });
  }
  return sums;
}

describe('copies from the statistics of flows', () => {
  it('a flow with three outputs makes two copies of each packet', () => {
    const flow = { outputs: 3 };
    expect(sumsOf([{ ...flow, packets: 0n }], [{ ...flow, packets: 10n }])).toEqual({
      copies: 20n,
      consumed: 0n,
      uncertain: 0n,
      flows: 1,
    });
  });

  it('a flow that is new counts for the packet that made it, too', () => {
    expect(sumsOf([], [{ outputs: 3, packets: 10n }]).copies).toBe(22n);
  });

  it('what flows had before the first reading counts for nothing', () => {
    expect(sumsOf([{ outputs: 3, packets: 1000n }]).copies).toBe(0n);
  });

  it('a flow that begins anew under the same name is a new flow', () => {
    expect(sumsOf([{ outputs: 2, packets: 50n }], [{ outputs: 2, packets: 4n }]).copies).toBe(5n);
  });

  it('a packet that goes round again is one more way of it', () => {
    const first = { outputs: 1, recirc: true };
    expect(sumsOf([{ ...first, packets: 0n }], [{ ...first, packets: 7n }]).copies).toBe(7n);
    const only = { outputs: 0, recirc: true };
    expect(sumsOf([{ ...only, packets: 0n }], [{ ...only, packets: 7n }])).toMatchObject({ copies: 0n, consumed: 0n });
  });

  it.each([
    ['taken by the switch', { outputs: 0, userspace: true, consumes: true }, 7n],
    ['sent on by an upcall', { outputs: 0, userspace: true }, 0n],
    ['dropped', { outputs: 0, drop: true }, 0n],
    ['sent and shown to the switch', { outputs: 1, userspace: true }, 0n],
  ])('%s', (_, flow, consumed) => {
    expect(sumsOf([{ ...flow, packets: 0n }], [{ ...flow, packets: 7n }])).toMatchObject({ consumed, copies: 0n });
  });

  it('hits of flows that went between two readings bound the copies nobody saw', () => {
    const counter = new CopyCounter();
    counter.add({ flows: [{ ...aFlow, outputs: 4 }], hit: 0n, missed: 0n, ...quiet });
    expect(counter.add({ flows: [], hit: 5n, missed: 1n, ...quiet }).uncertain).toBe(18n);
  });

  it('without a flow of several ways nothing is uncertain, whatever went', () => {
    const counter = new CopyCounter();
    counter.add({ flows: [aFlow], hit: 0n, missed: 0n, ...quiet });
    expect(counter.add({ flows: [], hit: 500n, missed: 10n, ...quiet }).uncertain).toBe(0n);
  });

  it('outputs that depend on the packet, and flows whose actions changed, are uncertain', () => {
    const sampled = { outputs: 2, conditionalOutputs: 1 };
    expect(sumsOf([{ ...sampled, packets: 0n }], [{ ...sampled, packets: 9n }])).toMatchObject({
      copies: 0n,
      uncertain: 9n,
    });
    expect(sumsOf([{ outputs: 1, packets: 0n }], [{ outputs: 3, packets: 9n }]).uncertain).toBe(18n);
  });

  it('packets that an upcall sends on, and those of the daemon itself, are uncertain by the ports they may go to', () => {
    const slow = { outputs: 0, userspace: true };
    expect(sumsOf([{ ...slow, packets: 0n }], [{ ...slow, packets: 4n }]).uncertain).toBe(20n);
    const counter = new CopyCounter();
    counter.add({ flows: [], hit: 0n, missed: 0n, executed: 10n, ports: 5 });
    expect(counter.add({ flows: [], hit: 0n, missed: 0n, executed: 13n, ports: 5 }).uncertain).toBe(15n);
  });

  it.each([
    ['lookups were cleared', { hit: 3n, missed: 1n }, {}],
    ['hardware forwards a flow', { hit: 20n, missed: 2n }, { offloaded: 'yes' as const }],
  ])('there is no bound when %s', (_, lookups, flow) => {
    const counter = new CopyCounter();
    counter.add({ flows: [aFlow], hit: 10n, missed: 2n, ...quiet });
    expect(counter.add({ flows: [{ ...aFlow, ...flow }], ...lookups, ...quiet }).uncertain).toBeNull();
  });

  it('flows that could not be read leave the sums as they were, without a bound', () => {
    const counter = new CopyCounter();
    counter.add({ flows: [{ ...aFlow, outputs: 3 }], hit: 0n, missed: 1n, ...quiet });
    expect(counter.lose()).toMatchObject({ copies: 0n, uncertain: null });
    const flows = [{ ...aFlow, outputs: 3, packets: 10n }];
    expect(counter.add({ flows, hit: 10n, missed: 1n, ...quiet })).toMatchObject({ copies: 20n, uncertain: 0n });
  });

  it('is never above the true number, and equal to it where no flow went unseen', () => {
    const step = fc.record({ packets: fc.nat(100), outputs: fc.integer({ min: 0, max: 4 }), dies: fc.boolean() });
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 4 }), { minLength: 1, maxLength: 6 }), (rounds) => {
        const counter = new CopyCounter();
        const alive = new Map<string, { packets: bigint; outputs: number }>();
        let [hit, missed, born, made, low] = [0n, 0n, 0, 0n, 0n];
        counter.add({ flows: [], hit, missed, ...quiet });
        for (const round of rounds) {
          for (const { packets, outputs, dies } of round) {
            const key = `f${born++}`;
            missed++;
            hit += BigInt(packets);
            made += BigInt(packets + 1) * BigInt(Math.max(0, outputs - 1));
            if (!dies) alive.set(key, { packets: BigInt(packets), outputs });
          }
          const flows = [...alive].map(([ufid, { packets, outputs }]) => ({ ...aFlow, ufid, packets, outputs }));
          low = counter.add({ flows, hit, missed, ...quiet }).copies;
        }
        expect(low <= made).toBe(true);
        if (rounds.flat().every(({ dies }) => !dies)) expect(low).toBe(made);
      }),
    );
  });
});
