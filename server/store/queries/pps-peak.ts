import { Type } from 'typebox';
import { defineQuery, Text, UInt64 } from '../run-query.ts';
import { Direction, edgesWindow, minuteParameters, observed, rollupWindow, whose } from './fragments.ts';
import { inPage, pageParameters } from './port-page.ts';

/** Most packets that one observed slot of the window held, for each port and direction with an observed slot. */
export const ppsPeak = defineQuery({
  name: 'pps-peak',
  sql: `SELECT host, port, direction, max(peak) AS packetsMax
FROM (
  SELECT host, port, direction, max(t.packets_max) AS peak
  FROM port_1m AS t WHERE ${rollupWindow} AND t.observed > 0 AND ${whose} AND ${inPage}
  GROUP BY host, port, direction
  UNION ALL
  SELECT host, port, direction, max(assumeNotNull(t.packets_inc)) AS peak
  FROM port_slot AS t WHERE ${edgesWindow} AND ${observed} AND ${whose} AND ${inPage}
  GROUP BY host, port, direction
)
GROUP BY host, port, direction
ORDER BY host, port, toUInt8(direction)`,
  parameters: { ...minuteParameters, host: 'String', port: 'String', ...pageParameters },
  row: Type.Object({ host: Text, port: Text, direction: Direction, packetsMax: UInt64 }),
  deadlineMs: 10_000,
  rowsMax: 100_000,
});
