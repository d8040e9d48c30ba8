import { Type } from 'typebox';
import { defineQuery, Text, UInt64 } from '../run-query.ts';
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
  rollupsOf,
  whose,
} from './fragments.ts';
import { inPage, type PortKey, pageOf, pageParameters } from './port-page.ts';

/**
 * Drops by cause and place over a window, as port-sums has the totals. `after` and `until` are the keys of a page of
 * port-sums: the causes of just that page.
 */
export const causeSums = defineQuery({
  name: 'cause-sums',
  sql: sqlOf(rollup('drop_1h', hoursWindow), rollup('drop_1m', minutesWindow), raw(edgesWindow)),
  parameters: { ...rollupParameters, host: 'String', port: 'String', ...pageParameters },
  row: Type.Object({
    host: Text,
    port: Text,
    direction: Direction,
    cause: Text,
    place: Place,
    observed: UInt64,
    bridged: UInt64,
    unknown: UInt64,
    unknownGap: UInt64,
    packets: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 50_000,
});

/** The same question over raw rows alone; the parity test holds both equal. */
export const causeSumsRaw = defineQuery({
  ...causeSums,
  name: 'cause-sums-raw',
  sql: sqlOf(raw(`t.slot >= ${instant('from')} AND t.slot < ${instant('to')}`)),
});

export function causeSumsParameters(ask: {
  readonly from: number;
  readonly to: number;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly after?: PortKey | undefined;
  readonly until?: PortKey | undefined;
}) {
  return { ...rollupsOf(ask), host: ask.host ?? '', port: ask.port ?? '', ...pageOf(ask) };
}

function rollup(table: string, window: string): string {
  return `SELECT host, port, direction, cause, place, sum(t.observed) AS n_observed, 0 AS n_bridged, 0 AS n_unknown, 0 AS n_unknown_gap, sum(t.packets) AS n_packets
  FROM ${table} AS t WHERE ${window} AND ${whose} AND ${inPage}
  GROUP BY host, port, direction, cause, place`;
}

function raw(window: string): string {
  return `SELECT host, port, direction, cause, place, count() AS n_observed, 0 AS n_bridged, 0 AS n_unknown, 0 AS n_unknown_gap, sum(assumeNotNull(t.packets_inc)) AS n_packets
  FROM drop_slot AS t WHERE ${window} AND ${observed} AND ${whose} AND ${inPage}
  GROUP BY host, port, direction, cause, place`;
}

function sqlOf(...parts: readonly string[]): string {
  const bridges = `SELECT host, port, direction, cause, place, 0 AS n_observed, sum(t.slots) AS n_bridged, 0 AS n_unknown, 0 AS n_unknown_gap, sum(t.packets) AS n_packets
  FROM drop_bridge AS t WHERE ${bridgesInside} AND ${whose} AND ${inPage}
  GROUP BY host, port, direction, cause, place`;
  // Drops at a place of their own, a qdisc, may be unknown where the port is not. A port that is itself unknown in these
  // slots has them in no sum already; where its raw rows are gone nobody can tell, and the slots are told unknown.
  const unknowns = `SELECT host, port, direction, cause, place, 0 AS n_observed, 0 AS n_bridged, countIf(t.slots = 1) AS n_unknown, sumIf(t.slots, t.slots > 1) AS n_unknown_gap, 0 AS n_packets
  FROM drop_unknown AS t WHERE ${rawWindow} AND ${whose} AND ${inPage}
    AND (t.host, t.port, t.direction, t.slot) NOT IN (
      SELECT t.host, t.port, t.direction, t.slot FROM port_slot AS t WHERE ${rawWindow} AND ${whose} AND t.state = 'unknown')
  GROUP BY host, port, direction, cause, place`;
  return `SELECT host, port, direction, cause, place, sum(n_observed) AS observed, sum(n_bridged) AS bridged, sum(n_unknown) AS unknown, sum(n_unknown_gap) AS unknownGap, sum(n_packets) AS packets
FROM (
  ${[...parts, bridges, unknowns].join('\n  UNION ALL\n  ')}
)
GROUP BY host, port, direction, cause, place
ORDER BY host, port, toUInt8(direction), cause, place`;
}
