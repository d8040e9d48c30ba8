import { batchBytesMax, batchRowsMax } from '../../server/ingest/inserter.ts';
import { hosts, ports } from '../ingest/messages.ts';
import { type Spread, spreadOf, tellSpread } from '../spread.ts';
import { roadOf, type Sample, straightRoad, type ThroughputResult } from './throughput.ts';

const rateGoal = 1e6;
const ratioGoal = 0.5;

/** A goal is reached or missed when every repetition says so. */
function verdict({ min, max }: Spread, goal: number): string {
  if (min >= goal) return 'reached';
  return max < goal ? 'MISSED' : 'not resolved';
}

/** Speed of a road as a share of straight in, repetition by repetition. */
function ratioOf({ samples }: ThroughputResult, road: string): Spread {
  const straight = samples.get(straightRoad) ?? [];
  return spreadOf((samples.get(road) ?? []).map(({ ms }, i) => (straight[i]?.ms ?? Number.NaN) / ms));
}

export function throughputJson(result: ThroughputResult): object {
  const roads = [...result.samples].map(([road, samples]) => ({
    road,
    rowsPerSecond: spreadOf(samples.map((each) => each.rowsPerSecond)),
    ofStraight: ratioOf(result, road),
    samples,
  }));
  const { rows, ticks, bytesOfRow, peakMiB } = result;
  return { rows, ticks, bytesOfRow, peakMiB, roads, verdicts: verdicts(result) };
}

function verdicts(result: ThroughputResult): Record<string, string> {
  const road = roadOf('embedded');
  const rates = (result.samples.get(road) ?? []).map((each) => each.rowsPerSecond);
  return {
    'goal 1 M rows/s, Kafka to tables': verdict(spreadOf(rates), rateGoal),
    'goal half of straight in': verdict(ratioOf(result, road), ratioGoal),
  };
}

export function throughputReport(result: ThroughputResult, say: (line: string) => void): void {
  const { rows, ticks, samples, bytesOfRow, peakMiB } = result;
  const repetitions = samples.get(straightRoad)?.length ?? 0;
  say(`${ticks} ticks of ${hosts} hosts with ${ports} ports: ${rows} rows of port_slot, ${ticks * hosts} of tick`);
  say(
    `${repetitions} interleaved repetitions: median (least to most); tables with their views, sums compared each time`,
  );
  say(`blocks of up to ${batchRowsMax} rows or ${batchBytesMax >> 20} MiB\n`);
  for (const [road, each] of samples) tellRoad(result, road, each, say);
  const byte = (value: number) => value.toFixed(1);
  const { message, kafka, wire, disk, diskMerged } = bytesOfRow;
  say(`\nbytes a row of port_slot, the ticks' included: ${byte(message)} as a message, ${byte(kafka)} in Kafka,`);
  say(`  ${byte(wire)} on the wire from Kafka, ${byte(disk)} on disk as inserted, ${byte(diskMerged)} merged`);
  const peaks = Object.entries(peakMiB).map(([name, most]) => `${name} ${most.toFixed(0)}`);
  say(`peak resident memory, MiB: ${peaks.join(', ')}\n`);
  for (const [goal, is] of Object.entries(verdicts(result))) say(`${goal}: ${is}`);
}

function tellRoad(
  result: ThroughputResult,
  road: string,
  samples: readonly Sample[],
  say: (line: string) => void,
): void {
  const rate = tellSpread(spreadOf(samples.map((each) => each.rowsPerSecond / 1e6)), 2);
  const batches = spreadOf(samples.map((each) => each.batches)).median;
  const ratio = road === straightRoad ? '' : `, ${tellSpread(ratioOf(result, road), 2)} of straight in`;
  say(`${road}: ${rate} M rows/s${ratio}; ${batches} blocks`);
  const perRow = (of: (sample: Sample) => number) =>
    spreadOf(samples.map((sample) => (1000 * of(sample)) / result.rows)).median.toFixed(3);
  const cpu = [
    ['product, main thread', (sample: Sample) => sample.cpu.product.main],
    ['product, other threads', (sample: Sample) => sample.cpu.product.others],
    ['store', (sample: Sample) => sample.cpu.store],
    ['control store', (sample: Sample) => sample.cpu.control],
    ['broker', (sample: Sample) => sample.cpu.broker],
  ] as const;
  say(`  CPU us a row: ${cpu.map(([name, of]) => `${name} ${perRow(of)}`).join(', ')}`);
}
