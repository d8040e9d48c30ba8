import { Type } from 'typebox';
import { defineQuery, Text, UInt64 } from '../run-query.ts';
import { portFacts } from './datapath-ports.ts';
import { Direction, instant, whose, windowParameters } from './fragments.ts';
import { inPage, pageParameters } from './port-page.ts';

const rowsMax = 2_000;
/** What causes have not explained for so long before the window's end is no longer pending, s. */
const pendingSeconds = 3_600;
/** The switch takes its statistics a little before it tells them: the last slot told may be told in part, s. */
const sampledBefore = 1;
const since = `greatest(toUInt32({from:UInt32}), toUInt32({to:UInt32} - ${pendingSeconds}))`;
const key = 't.host AS host, t.port AS port, t.direction AS direction';

/**
 * Drops of ports of datapaths that causes may still explain. `untold`: of slots behind the last statistics of the switch
 * (an extended counter of the datapath, written with every one). `crossing`: told by rows of causes that lie only partly in the window.
 */
export const dropsUntold = defineQuery({
  name: 'drops-untold',
  sql: `SELECT host, port, direction, sum(n_untold) AS untold, sum(n_crossing) AS crossing
FROM (
  SELECT ${key}, sum(assumeNotNull(t.drops_outside_inc) + assumeNotNull(t.drops_inside_inc)) AS n_untold, 0 AS n_crossing
  FROM port_slot AS t
  INNER JOIN (
    SELECT f.host AS host, f.port AS port, s.told AS told
    FROM (${portFacts}) AS f
    LEFT JOIN (
      SELECT host, port AS datapath, toUInt32(max(toUnixTimestamp(slot) + slots)) AS told FROM xstat_slot
      WHERE ({host:String} = '' OR host = {host:String}) AND name = 'ovsdb.statistics' AND state != 'unknown'
        AND slot >= toDateTime(${since} - ${pendingSeconds}, 'UTC') AND slot < ${instant('to')} + INTERVAL ${pendingSeconds} SECOND
      GROUP BY host, datapath
    ) AS s ON f.host = s.host AND f.of_datapath = s.datapath
    WHERE f.of_datapath != ''
  ) AS told ON t.host = told.host AND t.port = told.port
  WHERE t.slot >= toDateTime(${since}, 'UTC') AND t.slot < ${instant('to')} AND toUnixTimestamp(t.slot) + t.slots <= {to:UInt32}
    AND t.state != 'unknown' AND t.suspect = 0 AND ${whose} AND ${inPage}
    AND toUnixTimestamp(t.slot) + t.slots + ${sampledBefore} > told.told
  GROUP BY host, port, direction
  UNION ALL
  SELECT ${key}, 0 AS n_untold, sum(t.packets) AS n_crossing
  FROM drop_bridge AS t
  WHERE t.place IN ('inside', 'outside') AND ${whose} AND ${inPage} AND (${crossing('from')} OR ${crossing('to')})
  GROUP BY host, port, direction
)
GROUP BY host, port, direction
HAVING untold + crossing > 0
ORDER BY host, port, toUInt8(direction)`,
  parameters: { ...windowParameters, host: 'String', port: 'String', ...pageParameters },
  row: Type.Object({ host: Text, port: Text, direction: Direction, untold: UInt64, crossing: UInt64 }),
  deadlineMs: 10_000,
  rowsMax,
});

function crossing(end: 'from' | 'to'): string {
  return `(t.slot >= ${instant(end)} - INTERVAL ${pendingSeconds} SECOND AND t.slot < ${instant(end)}
      AND toUnixTimestamp(t.slot) + t.slots > {${end}:UInt32})`;
}
