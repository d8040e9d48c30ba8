import { dayReadings } from '../../server/judge/window-days.ts';
import { windowReading } from '../../server/judge/window-reading.ts';
import { chunkBitsOf, RowTable } from '../../server/slo/row-table.ts';
import { rowKinds } from '../../server/slo/segment.ts';
import type { SlotsFile } from '../../server/slo/slots-reader.ts';
import { judgedAt } from '../../server/slo/window.ts';
import { monthObjective } from './month.ts';

const quarter = 900;
const quarters = (30 * 86_400) / quarter;

/**
 * A month of a port's two directions as the server holds it: a run for each quarter of an hour, and one quarter in 50 second
 * by second because something was lost in it.
 */
function followed(from: number): SlotsFile {
  const rows = new RowTable(chunkBitsOf(Number.MAX_SAFE_INTEGER));
  const none = { host: 0, line: 0, sent: 0, lost: 0, shared: 0n };
  for (let path = 0; path < 2; path++) {
    for (let i = 0; i < quarters; i++) {
      const slot = from + i * quarter;
      if (i % 50 !== 7) {
        const totals = { offered: 900_000_000n, bad: 0n, peak: 1_090_000n };
        rows.push({ ...none, path, slot, count: quarter, kind: rowKinds.clean, ...totals });
        continue;
      }
      for (let k = 0; k < quarter; k++) {
        const numbers = { offered: BigInt(1_000_000 + k), bad: k % 300 === 0 ? 200_000n : 0n, peak: 0n };
        rows.push({ ...none, path, slot: slot + k, count: 1, kind: rowKinds.observed, ...numbers });
      }
    }
  }
  const directions = ['toGuest', 'fromGuest'] as const;
  const paths = rows.orders(2).map((order, i) => ({ port: 'p1', direction: directions[i] as 'toGuest', order }));
  return { name: 'followed', rows, paths, lines: rows.length };
}

/** What a month view of an objective costs the server beside HTTP: the whole window, and each of its days. */
export function monthViewTurn(): { wallMs: number; cpuMs: number } {
  const objective = monthObjective('availability');
  const { window } = judgedAt(objective, undefined);
  const facts = { objective, window, until: window.to, exclusions: [], outOfContract: [], file: followed(window.from) };
  const once = () => {
    windowReading(facts);
    return dayReadings(facts);
  };
  once();
  const before = process.cpuUsage();
  const startedMs = performance.now();
  once();
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before);
  return { wallMs, cpuMs: (user + system) / 1000 };
}
