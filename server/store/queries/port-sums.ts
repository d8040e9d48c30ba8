import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import {
  bridgesInside,
  Direction,
  edgesWindow,
  hoursWindow,
  instant,
  minutesWindow,
  observed,
  rollupParameters,
  rollupsOf,
  whose,
} from './fragments.ts';
import { inPage, type PortKey, pageOf, pageParameters } from './port-page.ts';

/**
 * Sums of each port and direction over a window: observed rows that are not suspect, and bridged rows that lie wholly
 * inside. Listed is who has any row that begins in the window; lastSlot is the first slot of its last row, countedIn is
 * that row's. `suspect` counts observed rows that nothing uses.
 */
export const portSums = defineQuery({
  name: 'port-sums',
  sql: sqlOf(rollup('port_1h', hoursWindow), rollup('port_1m', minutesWindow), raw(edgesWindow)),
  parameters: { ...rollupParameters, host: 'String', port: 'String', ...pageParameters, limit: 'UInt32' },
  row: Type.Object({
    host: Text,
    port: Text,
    direction: Direction,
    countedIn: Text,
    lastSlot: UInt32,
    observed: UInt64,
    bridged: UInt64,
    suspect: UInt64,
    packets: UInt64,
    bytes: UInt64,
    dropsOutside: UInt64,
    dropsInside: UInt64,
    packetsMax: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 1_001,
});

/** The same question over raw rows alone; the parity test holds both equal. */
export const portSumsRaw = defineQuery({
  ...portSums,
  name: 'port-sums-raw',
  sql: sqlOf(raw(`t.slot >= ${instant('from')} AND t.slot < ${instant('to')}`)),
});

export function portSumsParameters(ask: {
  readonly from: number;
  readonly to: number;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly after?: PortKey | undefined;
  /** At most 1001: a page of 1000 and one to see whether there is more. */
  readonly limit: number;
}) {
  return {
    ...rollupsOf(ask),
    host: ask.host ?? '',
    port: ask.port ?? '',
    ...pageOf({ after: ask.after }),
    limit: ask.limit,
  };
}

function rollup(table: string, window: string): string {
  return `SELECT host, port, direction, counted_in AS counted, max(last_slot) AS last, sum(observed) AS n_observed,
    0 AS n_bridged, sum(suspect) AS n_suspect, sum(packets) AS n_packets, sum(bytes) AS n_bytes,
    sum(drops_outside) AS n_outside, sum(drops_inside) AS n_inside, max(packets_max) AS n_max
  FROM ${table} AS t
  WHERE ${window} AND ${whose} AND ${inPage}
  GROUP BY host, port, direction, counted_in`;
}

function raw(window: string): string {
  const sum = (column: string) => `sumIf(assumeNotNull(t.${column}), ${observed})`;
  return `SELECT host, port, direction, counted_in AS counted, max(t.slot) AS last, countIf(${observed}) AS n_observed,
    0 AS n_bridged, countIf(t.state = 'observed' AND t.suspect = 1) AS n_suspect, ${sum('packets_inc')} AS n_packets,
    ${sum('bytes_inc')} AS n_bytes, ${sum('drops_outside_inc')} AS n_outside, ${sum('drops_inside_inc')} AS n_inside,
    maxIf(assumeNotNull(t.packets_inc), ${observed}) AS n_max
  FROM port_slot AS t
  WHERE ${window} AND ${whose} AND ${inPage}
  GROUP BY host, port, direction, counted_in`;
}

function bridges(): string {
  return `SELECT host, port, direction, '' AS counted, toDateTime(0, 'UTC') AS last, 0 AS n_observed, sum(t.slots) AS n_bridged,
    0 AS n_suspect, sum(t.packets) AS n_packets, sum(t.bytes) AS n_bytes, sum(t.drops_outside) AS n_outside,
    sum(t.drops_inside) AS n_inside, 0 AS n_max
  FROM port_bridge AS t
  WHERE ${bridgesInside} AND ${whose} AND ${inPage}
  GROUP BY host, port, direction`;
}

function sqlOf(...parts: readonly string[]): string {
  return `SELECT host, port, direction, argMax(counted, (last, counted)) AS countedIn, toUnixTimestamp(max(last)) AS lastSlot,
  sum(n_observed) AS observed, sum(n_bridged) AS bridged, sum(n_suspect) AS suspect, sum(n_packets) AS packets,
  sum(n_bytes) AS bytes, sum(n_outside) AS dropsOutside, sum(n_inside) AS dropsInside, max(n_max) AS packetsMax
FROM (
  ${[...parts, bridges()].join('\n  UNION ALL\n  ')}
)
GROUP BY host, port, direction
ORDER BY host, port, toUInt8(direction)
LIMIT {limit:UInt32}`;
}
