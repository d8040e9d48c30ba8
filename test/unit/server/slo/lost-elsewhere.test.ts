import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ask } from './asking.ts';
import { type Drawn, drawnFiles, lineOf, type StepKind } from './drawn-files.ts';
import { asked, askedOf, numRuns } from './drawn-questions.ts';

/** Each row with a part of what was lost further up as its own; of a row of many slots each slot has another part. */
function assigned(row: Drawn, parts: readonly number[], allows: (told: Drawn, row: Drawn) => boolean): Drawn[] {
  if (row.shared === 0 || row.suspect) return [{ ...row, shared: 0 }];
  const withOwn = (own: number, over: Partial<Drawn>): Drawn => {
    const told = { ...row, ...over, offered: row.offered + own, provider: row.provider + own, shared: 0 };
    return allows(told, row) ? told : { ...row, ...over, shared: 0 };
  };
  const own = (i: number) => Math.round((row.shared * (parts[(row.slot + i) % parts.length] as number)) / 4);
  if (row.state === 'bridged') return [withOwn(own(0), {})];
  return Array.from({ length: row.count }, (_, i) => withOwn(own(i), { slot: row.slot + i, count: 1 }));
}

describe('bounds bracket whatever was lost further up', () => {
  const parts = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 40 });

  test('packets: any part of it may have been the path’s', () => {
    fc.assert(
      fc.property(drawnFiles(), asked, parts, (file, of, chosen) => {
        const packets = askedOf({ ...of, sli: 'packetDelivery' });
        const before = ask(file.rows.map(lineOf), packets, file);
        const lines = file.rows.flatMap((row) => assigned(row, chosen, () => true)).map(lineOf);
        const after = ask(lines, packets, file);
        expect(after.high.bad).toBeGreaterThanOrEqual(before.high.bad);
        expect(after.low.bad).toBeLessThanOrEqual(before.low.bad);
        expect(after.low.total).toBeLessThanOrEqual(before.low.total);
        if (before.verdict === 'breached') expect(after.verdict).toBe('breached');
        if (before.verdict === 'met') expect(after.verdict).toBe('met');
      }),
      { numRuns },
    );
  });

  test('clean slots: any part of it', () => {
    fc.assert(
      fc.property(drawnFiles(undefined, ''), asked, parts, (file, of, chosen) => {
        const slots = askedOf({ ...of, sli: 'cleanSlots' });
        const before = ask(file.rows.map(lineOf), slots, file);
        const after = ask(file.rows.flatMap((row) => assigned(row, chosen, () => true)).map(lineOf), slots, file);
        expect(after.low.bad).toBeLessThanOrEqual(before.low.bad);
        if (before.verdict === 'met') expect(after.verdict).toBe('met');
      }),
      { numRuns },
    );
  });

  test('slots: any part of it; what was broken stays broken but for gaps and for slots of few packets that turn out good', () => {
    fc.assert(
      fc.property(drawnFiles(undefined, ''), asked, parts, (file, of, chosen) => {
        const slots = askedOf({ ...of, sli: 'availability' });
        const read = (allows: (told: Drawn, row: Drawn) => boolean) =>
          ask(file.rows.flatMap((row) => assigned(row, chosen, allows)).map(lineOf), slots, file);
        const before = ask(file.rows.map(lineOf), slots, file);
        const any = read(() => true);
        expect(any.low.bad).toBeLessThanOrEqual(before.low.bad);
        if (before.verdict === 'met') expect(any.verdict).toBe('met');
        const isLossy = (row: Drawn) => 10 * (row.provider + row.unknown) > of.tenths * (row.offered - row.contract);
        const isEnough = (row: Drawn) => row.offered - row.contract >= 10;
        // A gap with loss says of its first slots that they are uncertain, in an outage too.
        const lossyOnly = read(
          (told, row) => row.state === 'observed' && (isEnough(row) || !isEnough(told) || isLossy(told)),
        );
        expect(lossyOnly.high.bad).toBeGreaterThanOrEqual(before.high.bad);
        if (before.verdict === 'breached') expect(lossyOnly.verdict).toBe('breached');
      }),
      { numRuns },
    );
  });
});

/** Each gap told slot by slot: packets evenly, each lost one in a slot that `at` chooses. */
function placed(row: Drawn, at: readonly number[]): Drawn[] {
  if (row.state !== 'bridged') return [row];
  const lost = row.provider + row.unknown + row.tenant;
  const hits = new Array<number>(row.count).fill(0);
  for (let i = 0; i < lost; i++) {
    const slot = (at[i % at.length] as number) % row.count;
    hits[slot] = (hits[slot] as number) + 1;
  }
  return hits.map((hit, i) => {
    const contract = i === 0 ? row.contract : 0;
    const owned = (packets: number) => (packets > 0 ? hit : 0);
    const drops = { provider: owned(row.provider), unknown: owned(row.unknown), tenant: owned(row.tenant), contract };
    const offered = (row.offered - row.contract) / row.count + contract;
    return { ...row, state: 'observed', slot: row.slot + i, count: 1, offered, ...drops };
  });
}

/**
 * Gaps with loss of two paths at one time: the first slots of each are uncertain, so those of both are fewer than the slots
 * that their losses may really have been in.
 */
function isTogether(rows: readonly Drawn[]): boolean {
  const gaps = rows.filter((row) => row.state === 'bridged' && row.provider + row.unknown > 0);
  const isOther = (a: Drawn, b: Drawn) => a.port !== b.port || a.direction !== b.direction;
  return gaps.some((a) => gaps.some((b) => isOther(a, b) && a.slot < b.slot + b.count && b.slot < a.slot + a.count));
}

test('whichever slots of a gap its loss was in, packets add up to the same, and slots lie within the bounds', () => {
  const gaps = drawnFiles(new Set<StepKind>(['good', 'lossy', 'some', 'gap']), '', false);
  const places = fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(gaps, asked, places, (file, of, at) => {
      const told = file.rows.map(lineOf);
      const apart = file.rows.flatMap((row) => placed(row, at)).map(lineOf);
      for (const sli of ['availability', 'cleanSlots'] as const) {
        const slots = askedOf({ ...of, sli, run: 1 });
        const [before, after] = [ask(told, slots, file), ask(apart, slots, file)];
        expect(after.high.total).toBe(before.high.total);
        expect(after.high.bad).toBeGreaterThanOrEqual(before.high.bad);
        if (before.verdict === 'breached') expect(after.verdict).toBe('breached');
        if (!isTogether(file.rows)) {
          expect(after.low.bad).toBeLessThanOrEqual(before.low.bad);
          if (before.verdict !== 'undetermined') expect(after.verdict).toBe(before.verdict);
        }
      }
      const before = ask(told, askedOf({ ...of, sli: 'availability', run: 1 }), file);
      const after = ask(apart, askedOf({ ...of, sli: 'availability', run: 1 }), file);
      // A gap over an end of the window or of an exclusion is unknown; of the others every packet counts.
      if (before.slots.unknown !== after.slots.unknown) return;
      const packets = askedOf({ ...of, sli: 'packetDelivery' });
      expect(ask(apart, packets, file).high).toEqual(ask(told, packets, file).high);
    }),
    { numRuns },
  );
});
