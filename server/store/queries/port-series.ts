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
  Place,
  rawWindow,
  rollupParameters,
  rollupsOfSteps,
  stepOf,
} from './fragments.ts';

const pointsMax = 40_000;
const parameters = { ...rollupParameters, host: 'String', port: 'String', step: 'UInt32' } as const;
const whose = 't.host = {host:String} AND t.port = {port:String}';

function sums(table: string, unit: string, window: string): string {
  return `SELECT direction, ${stepOf(`t.${unit}`)} AS at, sum(t.observed) AS n_observed, sum(t.packets) AS n_packets,
    sum(t.bytes) AS n_bytes, sum(t.drops_outside) AS n_outside, sum(t.drops_inside) AS n_inside
  FROM ${table} AS t WHERE ${whose} AND ${window} GROUP BY direction, at`;
}

function causeSumsOf(table: string, unit: string, window: string): string {
  return `SELECT direction, cause, place, ${stepOf(`t.${unit}`)} AS at, sum(t.packets) AS n_packets, 0 AS n_unknown
  FROM ${table} AS t WHERE ${whose} AND ${window} GROUP BY direction, cause, place, at`;
}

/** One port, stepped: sums of observed slots of each step, and how many they are. Steps without rows are not there. */
export const portSeries = defineQuery({
  name: 'port-series',
  sql: `SELECT direction, at, sum(n_observed) AS observed, sum(n_packets) AS packets, sum(n_bytes) AS bytes,
  sum(n_outside) AS dropsOutside, sum(n_inside) AS dropsInside
FROM (
  ${sums('port_1h', 'hour', hoursWindow)}
  UNION ALL
  ${sums('port_1m', 'minute', minutesWindow)}
  UNION ALL
  SELECT direction, ${stepOf('t.slot')} AS at, count() AS n_observed, sum(assumeNotNull(t.packets_inc)) AS n_packets,
    sum(assumeNotNull(t.bytes_inc)) AS n_bytes, sum(assumeNotNull(t.drops_outside_inc)) AS n_outside,
    sum(assumeNotNull(t.drops_inside_inc)) AS n_inside
  FROM port_slot AS t WHERE ${whose} AND ${edgesWindow} AND ${observed} GROUP BY direction, at
)
GROUP BY direction, at
ORDER BY toUInt8(direction), at`,
  parameters,
  row: Type.Object({
    direction: Direction,
    at: UInt32,
    observed: UInt64,
    packets: UInt64,
    bytes: UInt64,
    dropsOutside: UInt64,
    dropsInside: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: pointsMax,
});

/**
 * The drops of one port by cause, stepped: rows that lie wholly in one step (port-cause-intervals has the others);
 * `unknown`: slots in which drops beside the port are not known. A step of an observed port without a row has none.
 */
export const portSeriesCauses = defineQuery({
  name: 'port-series-causes',
  sql: `SELECT direction, cause, place, at, sum(n_packets) AS packets, sum(n_unknown) AS unknown
FROM (
  ${causeSumsOf('drop_1h', 'hour', hoursWindow)}
  UNION ALL
  ${causeSumsOf('drop_1m', 'minute', minutesWindow)}
  UNION ALL
  SELECT direction, cause, place, ${stepOf('t.slot')} AS at, sum(assumeNotNull(t.packets_inc)) AS n_packets, 0 AS n_unknown
  FROM drop_slot AS t WHERE ${whose} AND ${edgesWindow} AND ${observed} GROUP BY direction, cause, place, at
  UNION ALL
  SELECT direction, cause, place, ${stepOf('t.slot')} AS at, sum(t.packets) AS n_packets, 0 AS n_unknown
  FROM drop_bridge AS t WHERE ${whose} AND ${bridgesInside} AND ${stepOf('t.slot')} = ${stepOf('t.slot + t.slots - 1')}
  GROUP BY direction, cause, place, at
  UNION ALL
  SELECT direction, cause, place, ${stepOf('t.slot')} AS at, 0 AS n_packets, sum(t.slots) AS n_unknown
  FROM drop_unknown AS t WHERE ${whose} AND ${rawWindow}
  GROUP BY direction, cause, place, at
)
GROUP BY direction, cause, place, at
ORDER BY toUInt8(direction), cause, place, at`,
  parameters,
  row: Type.Object({ direction: Direction, cause: Text, place: Place, at: UInt32, packets: UInt64, unknown: UInt64 }),
  deadlineMs: 10_000,
  rowsMax: pointsMax,
});

const bridgeEnds = 'toUnixTimestamp(t.slot) AS since, toUInt32(toUnixTimestamp(t.slot) + t.slots) AS until';
const bridgesTouching = `${whose} AND t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot < ${instant('to')}
    AND toUnixTimestamp(t.slot) + t.slots > {from:UInt32}`;

/** Gaps of one port whose sum is known and which touch the window, oldest first. */
export const portSeriesBridges = defineQuery({
  name: 'port-series-bridges',
  sql: `SELECT direction, since AS \`from\`, until AS \`to\`, sum(n_packets) AS packets, sum(n_bytes) AS bytes,
  sum(n_outside) AS dropsOutside, sum(n_inside) AS dropsInside, sum(n_beside) AS dropsBeside
FROM (
  SELECT direction, ${bridgeEnds}, t.packets AS n_packets, t.bytes AS n_bytes, t.drops_outside AS n_outside,
    t.drops_inside AS n_inside, toUInt64(0) AS n_beside
  FROM port_bridge AS t WHERE ${bridgesTouching}
  UNION ALL
  SELECT direction, ${bridgeEnds}, toUInt64(0) AS n_packets, toUInt64(0) AS n_bytes, toUInt64(0) AS n_outside,
    toUInt64(0) AS n_inside, t.packets AS n_beside
  FROM drop_bridge AS t WHERE t.place = 'beside' AND ${bridgesTouching}
)
GROUP BY direction, since, until
ORDER BY toUInt8(direction), since
LIMIT 5000`,
  parameters: { from: 'UInt32', to: 'UInt32', host: 'String', port: 'String' },
  row: Type.Object({
    direction: Direction,
    from: UInt32,
    to: UInt32,
    packets: UInt64,
    bytes: UInt64,
    dropsOutside: UInt64,
    dropsInside: UInt64,
    dropsBeside: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 5_000,
});

export function portSeriesParameters(ask: {
  readonly host: string;
  readonly port: string;
  readonly from: number;
  readonly to: number;
  readonly step: number;
}) {
  const { host, port, step } = ask;
  return { ...rollupsOfSteps({ from: ask.from, to: ask.to }, step), host, port, step };
}
