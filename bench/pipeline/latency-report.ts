import { holds, latencyGoals, type Quantiles, type RateResult } from './latency.ts';

export function latencyReport(results: readonly RateResult[], say: (line: string) => void): void {
  for (const result of results) tellRate(result, say);
  const held = results.find(holds);
  say(held === undefined ? 'none of these rates holds' : `highest of these rates that holds: ${held.rate} rows/s`);
}

function tellRate(result: RateResult, say: (line: string) => void): void {
  const { rate, hosts, seconds, ticksSeen, ticksLive, cpu, peakMiB } = result;
  say(`${rate} rows/s: ${hosts} hosts, their ticks spread over each second, for ${seconds} s`);
  const { queryableP50Ms, queryableP99Ms, liveP99Ms } = latencyGoals;
  const { queryableMs, liveMs } = result;
  say(`  tick to queryable row, ${ticksSeen} ticks: ${tell(queryableMs)}`);
  say(`    goal p50 < ${queryableP50Ms}: ${is(queryableMs.p50, queryableP50Ms)}`);
  say(`    goal p99 < ${queryableP99Ms}: ${is(queryableMs.p99, queryableP99Ms)}`);
  say(`  tick to live window and open page, ${ticksLive} ticks: ${tell(liveMs)}`);
  say(`    goal p99 < ${liveP99Ms}: ${is(liveMs.p99, liveP99Ms)}`);
  say(`  of it, from due to the broker's acknowledgement: ${tell(result.acknowledgedMs)}`);
  say(`  the load was late by ${tell(result.loadLateMs)}; one look at the store took ${result.lookMs.toFixed(0)} ms`);
  const shares = Object.entries(cpu).map(([name, share]) => `${name} ${(100 * share).toFixed(0)} %`);
  say(`  CPU, of a core: ${shares.join(', ')}`);
  const peaks = Object.entries(peakMiB).map(([name, most]) => `${name} ${most.toFixed(0)}`);
  say(`  peak resident memory, MiB: ${peaks.join(', ')}`);
  const retries = Object.entries(result.retries).map(([code, count]) => `${count} x ${code}`);
  if (retries.length > 0) say(`  ingest tried again: ${retries.join(', ')}`);
  say(`  ${result.keptUp ? 'all was stored soon after the last was sent' : 'the store fell BEHIND the load'}`);
}

function is(value: number, goal: number): string {
  return value < goal ? 'reached' : 'MISSED';
}

function tell({ p50, p99, max }: Quantiles): string {
  return `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, most ${max.toFixed(0)} ms`;
}
