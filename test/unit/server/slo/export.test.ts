import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DayRows } from '../../../../server/seal/day-rows.ts';
import { slotsOfDay } from '../../../../server/seal/day-slots.ts';
import { cutLines, leadIn, repeatEqual, sealRuns } from '../../../../server/seal/runs.ts';
import { sealDocument } from '../../../../server/seal/seal-document.ts';
import { countedOf, decodeLine, encodeLine, type SlotLine, sumsOf } from '../../../../server/seal/slot-line.ts';
import { dayStart, histories, ownedHistories } from '../seal/histories.ts';
import { type Asked, answerOf, ask, question } from './asking.ts';

const day = { from: dayStart, to: dayStart + 86_400 };
const place = { entry: 1, previous: null, revision: 1, revises: null };
const asked = fc.record({
  sli: fc.constantFrom('packetDelivery' as const, 'availability' as const, 'cleanSlots' as const),
  lossRatioMax: fc.constantFrom('0', '0.0001', '0.10', '0.5'),
  run: fc.integer({ min: 1, max: 10 }),
  target: fc.constantFrom('0.99', '0.9999', '0.9', '1'),
});

/** Clean slots cannot promise that nothing is lost. */
const sayable = (of: Asked): Asked =>
  of.sli === 'cleanSlots' && of.lossRatioMax === '0' ? { ...of, lossRatioMax: '0.02' } : of;
const calendar = { calendar: ['1d', '2026-11-01 00:00:00', 'UTC'] } as const satisfies Asked;

/** The lines of a day as an export of just this day has them: from raw rows, and from the day's seal. */
function exported(rows: DayRows): { path: Parameters<typeof encodeLine>[0]; raw: SlotLine[]; sealed: SlotLine[] } {
  const path = { host: 'cn1', port: 'p1', direction: rows.direction };
  const document = sealDocument(path, rows, place);
  const sealed = document.lines.filter(({ part }) => part === 'slot').map(({ line }) => decodeLine(line));
  return { path, raw: cutLines(repeatEqual(slotsOfDay(rows).lines), day).lines, sealed: cutLines(sealed, day).lines };
}

function countedSums(lines: readonly SlotLine[]): { total: bigint; bad: bigint } {
  const sums = { total: 0n, bad: 0n };
  for (const line of lines) {
    if (line.state === 'unknown' || (line.state !== 'sealed' && line.suspect)) continue;
    const times = line.state === 'observed' ? BigInt(line.slots) : 1n;
    const { offered, bad } = countedOf(line);
    sums.total += offered * times;
    sums.bad += bad * times;
  }
  return sums;
}

describe('what export-slots writes, evaluate reads', () => {
  test('raw rows and seals give the same integers, and the sums are those of the export', () => {
    fc.assert(
      fc.property(fc.oneof(histories, ownedHistories), asked.map(sayable), (rows, of) => {
        const { path, raw, sealed } = exported(rows);
        fc.pre(raw.length > 0);
        const text = (lines: readonly SlotLine[]) => lines.map((line) => encodeLine(path, line)).join('\n');
        const { burn: _raw, ...fromRaw } = answerOf(question(text(raw), { ...calendar, ...of }));
        const { burn: _sealed, ...fromSeals } = answerOf(question(text(sealed), { ...calendar, ...of }));
        expect(fromSeals).toEqual(fromRaw);

        const sums = sumsOf(raw);
        const packets = ask(text(sealed), { ...calendar, ...of, sli: 'packetDelivery' });
        // What the contract takes was not offered, and what the tenant lost is not bad.
        expect(packets.high).toEqual(countedSums(raw));
        const { observed, bridged, unknown, suspect } = packets.slots;
        expect({ observed, bridged, suspect }).toEqual({
          observed: sums.clean + sums.idle + sums.other,
          bridged: sums.bridged,
          suspect: sums.suspect,
        });
        expect(observed + bridged + unknown).toBe(86_400);
        expect(packets.low.bad - packets.high.bad).toBe(BigInt(unknown) * sums.offeredMax);
      }),
      { numRuns: 60 },
    );
  });

  test('the rows before the window that an export adds give the state that all rows give', () => {
    // The window is an hour within the drawn day; what lies before it is either all there, or only the lead of the export.
    const at = dayStart + 900;
    const hour = { from: at, to: at + 3600 };
    fc.assert(
      fc.property(fc.oneof(histories, ownedHistories), asked, (rows, { lossRatioMax, run }) => {
        const { path, raw } = exported(rows);
        const before = cutLines(raw, { from: day.from, to: at }).lines;
        const inside = cutLines(raw, hour).lines;
        fc.pre(inside.length > 0);
        const text = (lines: readonly SlotLine[]) => lines.map((line) => encodeLine(path, line)).join('\n');
        const of: Asked = { calendar: ['1h', '2026-11-01 00:15:00', 'UTC'], sli: 'availability', lossRatioMax, run };
        const whole = ask(text([...before, ...inside]), of);
        const lead = ask(text([...leadIn(before, run).lines, ...inside]), of);
        expect([lead.high, lead.low, lead.highLoss, lead.verdict]).toEqual([
          whole.high,
          whole.low,
          whole.highLoss,
          whole.verdict,
        ]);
        const fromSeals = ask(text([...sealRuns(leadIn(before, run).lines), ...sealRuns(inside)]), of);
        expect([fromSeals.high, fromSeals.low, fromSeals.highLoss]).toEqual([whole.high, whole.low, whole.highLoss]);
      }),
      { numRuns: 60 },
    );
  });
});
