import fc from 'fast-check';
import type { Asked } from './asking.ts';
import { drawnAsked } from './drawn-files.ts';
import type { ReferenceAsked } from './reference.ts';
import { hundredthsOf } from './reference-clean-slots.ts';

export const asked = fc.record({
  sli: fc.constantFrom('packetDelivery' as const, 'availability' as const, 'cleanSlots' as const),
  tenths: fc.integer({ min: 0, max: 6 }),
  run: fc.integer({ min: 1, max: 6 }),
  allowedOf10000: fc.constantFrom(0, 1, 100, 700, 2000, 4000, 7000, 10_000),
});

export function askedOf({ sli, tenths, run, allowedOf10000 }: ReferenceAsked): Asked {
  const target = (10_000 - allowedOf10000) / 10_000;
  const lossRatioMax = sli === 'cleanSlots' ? `0.0${hundredthsOf(tenths)}` : `0.${tenths}`;
  return { ...drawnAsked, ports: ['p1', 'p2'], sli, lossRatioMax, run, target: target.toFixed(4) };
}

export const numRuns = Number(process.env['FOURNINES_RUNS'] ?? 40);
