import fc from 'fast-check';
import type { PlanInput } from '../../../../../server/remediation/planner/plan-input.ts';

export const at = Date.parse('2026-11-01T00:00:00Z');

export const usualLimits: PlanInput['limits'] = {
  ...{ maxMoves: 2, enterPpm: 900_000, acceptPpm: 850_000, settlePpm: 800_000, gainPpm: 100_000 },
  ...{ vmSharePpm: 1_000_000, stolenMaxPpm: 1_000, queueHoldMs: 600_000 },
};

export function pmd(core: number, numa = 0, more: Partial<PlanInput['pmds'][number]> = {}): PlanInput['pmds'][number] {
  return { core, numa, overheadPpm: 0, stolenPpm: 0, ...more };
}

export function rxq(
  id: string,
  core: number,
  usagePpm: number,
  more: Partial<PlanInput['rxqs'][number]> = {},
): PlanInput['rxqs'][number] {
  const [port = '', queue = '0'] = id.split('/');
  const known = { id, port, queue: Number(queue), numa: 0, core, usagePpm, pps: usagePpm };
  return { ...known, pin: null, vm: null, movedAt: null, group: null, ...more };
}

export function input(more: Partial<PlanInput>): PlanInput {
  return { at, pmds: [], rxqs: [], limits: usualLimits, burning: [], frozen: false, ...more };
}

/** The first eight times in ten. */
function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: fc.constantFrom(...others) });
}

/** Small enough to try every plan of two moves, and with all that forbids a move in it. */
export function smallInputs({ maxMoves = 2 }: { readonly maxMoves?: number } = {}): fc.Arbitrary<PlanInput> {
  const ppm = (max: number) => fc.integer({ min: 0, max });
  const pmds = fc.uniqueArray(
    fc.record({
      core: fc.integer({ min: 0, max: 12 }),
      numa: fc.constantFrom(0, 0, 0, 0, 0, 0, 1),
      overheadPpm: fc.constantFrom(0, 20_000, 70_000),
      stolenPpm: mostly(0, 1_000, 1_001, 50_000),
    }),
    { minLength: 2, maxLength: 5, selector: ({ core }) => core },
  );
  return pmds.chain((threads) =>
    fc
      .record({
        rxqs: fc.array(
          fc.record({
            numa: mostly(0, 1),
            // Most on one thread, so that there is something to mend.
            core: mostly(threads[0]?.core ?? 0, ...threads.map(({ core }) => core)),
            usagePpm: fc.oneof(ppm(300_000), ppm(600_000), fc.constantFrom(0, 100_000, 250_000, 400_000)),
            pin: mostly(null, 'operator' as const),
            vm: fc.constantFrom(null, 'a', 'b'),
            movedAt: mostly(null, at, at - 599_999, at - 600_000, at + 1_000),
            group: mostly(null, 'bond'),
          }),
          { minLength: 2, maxLength: 8 },
        ),
        limits: fc.record({
          maxMoves: fc.integer({ min: 0, max: maxMoves }),
          enterPpm: fc.constantFrom(900_000, 500_000, 1_000_000),
          acceptPpm: fc.constantFrom(850_000, 850_000, 700_000, 1_000_000),
          settlePpm: fc.constantFrom(800_000, 800_000, 600_000, 0),
          gainPpm: fc.constantFrom(100_000, 100_000, 1, 20_000),
          vmSharePpm: fc.constantFrom(1_000_000, 500_000, 0),
          stolenMaxPpm: fc.constant(1_000),
          queueHoldMs: fc.constant(600_000),
        }),
        burning: fc.constantFrom([], [], ['vhu0']),
        frozen: mostly(false, true),
      })
      .map(({ rxqs, ...rest }) => ({
        ...{ at, pmds: threads },
        rxqs: rxqs.map((each, i) => rxq(`vhu${i >> 1}/${i & 1}`, each.core, each.usagePpm, each)),
        ...rest,
      })),
  );
}
