import { readObjective } from '../../server/openslo/objective-file.ts';
import { evaluate } from '../../server/slo/evaluate.ts';
import type { Objective } from '../../server/slo/objective.ts';
import { RowTable } from '../../server/slo/row-table.ts';
import { rowKinds } from '../../server/slo/segment.ts';
import type { SlotsFile } from '../../server/slo/slots-reader.ts';
import { judgedAt } from '../../server/slo/window.ts';

const days = 30;
const slots = days * 86_400;

export const losses = ['none', 'scattered'] as const;

export function monthObjective(sli: 'packetDelivery' | 'availability'): Objective {
  const rest = sli === 'availability' ? ', lossRatioMax: "0.10", run: 5' : '';
  const spec = `{ type: fournines, spec: { sli: ${sli}, ports: [p1]${rest} } }`;
  const text = `apiVersion: openslo/v1
kind: SLO
metadata: { name: bench }
spec:
  service: bench
  indicator: { spec: { thresholdMetric: { metricSource: ${spec} } } }
  timeWindow: [{ duration: 1M, isRolling: false, calendar: { startTime: "2026-11-01 00:00:00", timeZone: UTC } }]
  budgetingMethod: ${sli === 'availability' ? 'Timeslices' : 'Occurrences'}
  objectives: [{ target: 0.9999 }]
`;
  return readObjective('bench.yaml', text);
}

/** A month of one path second by second, as a store gives it in columns; no two neighbours are equal. */
export function aMonth(loss: (typeof losses)[number]): SlotsFile {
  const rows = new RowTable();
  const from = judgedAt(monthObjective('availability'), undefined).window.from;
  const order = new Uint32Array(slots);
  for (let i = 0; i < slots; i++) {
    // One slot in 50 loses something, one in 500 more than a tenth.
    const lost = loss === 'none' || i % 50 !== 7 ? 0n : i % 500 === 7 ? 200_000n : 3n;
    const offered = BigInt(1_000_000 + ((i * 7919) % 90_000));
    const row = { path: 0, host: 0, line: i + 1, slot: from + i, count: 1, kind: rowKinds.observed };
    rows.push({ ...row, offered, bad: lost, peak: 0n, sent: 0, lost: 0, shared: 0n });
    order[i] = i;
  }
  return { name: 'columns', rows, paths: [{ port: 'p1', direction: 'toGuest', order }], lines: slots };
}

/** CPU and wall time of one recomputation, ms. */
export function monthTurn(objective: Objective, file: SlotsFile): { wallMs: number; cpuMs: number } {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  evaluate({ objective, exclusions: [], ...judgedAt(objective, undefined), file });
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before);
  return { wallMs, cpuMs: (user + system) / 1000 };
}
