import type { SourceResult } from '../collector/running-source.ts';
import { toJson } from './ndjson-sink.ts';

/** Prints one gather: as JSON, or as a table of sources and the rows of each. True when a source failed. */
export function printGather(results: readonly SourceResult[], json: boolean): boolean {
  const failed = results.some(({ status }) => status.state !== 'ok' && status.state !== 'absent');
  if (json) {
    const sources = results.map(({ status, accumulator }) => ({
      ...status,
      rows: Object.fromEntries([...(accumulator?.rows ?? [])].map(([kind, rows]) => [kind.name, rows])),
      facts: accumulator?.facts ?? [],
    }));
    process.stdout.write(`${toJson({ sources })}\n`);
    return failed;
  }
  for (const { status, accumulator } of results) {
    process.stdout.write(`${status.source}: ${status.state} ${status.code} ${Number(status.durationNs) / 1e6} ms\n`);
    for (const [kind, rows] of accumulator?.rows ?? []) {
      process.stdout.write(`  ${kind.name}: ${rows.length}\n`);
      for (const row of rows.slice(0, 20)) process.stdout.write(`    ${summary(kind.key, kind.counters, row)}\n`);
      if (rows.length > 20) process.stdout.write(`    ... and ${rows.length - 20} more (--json has them all)\n`);
    }
  }
  return failed;
}

/** "eth0 rx  packets 1204 (+3)  bytes ..." */
function summary(key: readonly string[], counters: readonly string[], row: object): string {
  const values = row as Readonly<Record<string, unknown>>;
  const name = key.map((column) => String(values[column])).join(' ');
  const numbers = counters.map((counter) => {
    const increment = values[`${counter}Inc`];
    return `${counter} ${String(values[counter] ?? 'absent')} (${increment === null ? 'unknown' : `+${String(increment)}`})`;
  });
  return `${name}  ${numbers.join('  ')}`;
}
