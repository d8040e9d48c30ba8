import type { QueueSeries } from '../../../../server/api/schema/ports.ts';
import { type Line, lineOf } from '../../charts/columns.ts';
import { regionsOf } from '../../charts/gaps.ts';
import { type KnownSum, knownSum } from '../../charts/known-sum.ts';
import type { Frame } from '../../charts/source.ts';

type Queue = QueueSeries['queues'][number];

export interface QueueRow {
  readonly key: string;
  readonly queue: Queue;
  readonly packets: KnownSum;
  readonly bytes: KnownSum;
  readonly drops: KnownSum;
  /** Of all queues of the direction. */
  readonly directionPackets: bigint;
  readonly picture: readonly (number | null)[];
}

export function queueRows({ queues }: QueueSeries): QueueRow[] {
  const totals = new Map<string, bigint>();
  const sums = queues.map((queue) => ({ queue, packets: knownSum(queue.packets) }));
  for (const { queue, packets } of sums) {
    totals.set(queue.direction, (totals.get(queue.direction) ?? 0n) + packets.sum);
  }
  return sums.map(({ queue, packets }) => ({
    key: `${queue.direction} ${queue.queue}`,
    queue,
    packets,
    bytes: knownSum(queue.bytes),
    drops: knownSum(queue.drops),
    directionPackets: totals.get(queue.direction) ?? 0n,
    picture: queue.packets.map((value) => (value === null ? null : Number(value))),
  }));
}

/** Both directions of one queue number. */
export function queueFrames(
  series: QueueSeries,
  queue: number,
): { direction: Queue['direction']; packets: Frame; drops: Frame | null }[] {
  return series.queues
    .filter((item) => item.queue === queue)
    .map((item) => ({
      direction: item.direction,
      packets: frameOf(series, item.packets, lineOf('packets', bigints(item.packets), series.stepSeconds)),
      // A driver that does not count drops per queue has none to draw: an empty chart would say zero.
      drops: item.drops.every((value) => value === null)
        ? null
        : frameOf(series, item.drops, lineOf('drops', bigints(item.drops), series.stepSeconds)),
    }));
}

function frameOf(series: QueueSeries, values: readonly (string | null)[], line: Line): Frame {
  const { at, stepSeconds, window } = series;
  return {
    fromSeconds: Date.parse(window.from) / 1_000,
    toSeconds: Date.parse(window.to) / 1_000,
    stepSeconds,
    at,
    lines: [line],
    regions: regionsOf({ at, stepSeconds, known: (i) => values[i] != null, bridges: [] }),
  };
}

function bigints(values: readonly (string | null)[]): (bigint | null)[] {
  return values.map((value) => (value === null ? null : BigInt(value)));
}
