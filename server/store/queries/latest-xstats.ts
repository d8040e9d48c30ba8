import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { instant } from './fragments.ts';

/**
 * The last value of each extended counter of a port since `from`, by name, behind `afterName`. A counter is written at
 * least once a minute while the port lives, so a few minutes reach.
 */
export const latestXstats = defineQuery({
  name: 'latest-xstats',
  sql: `SELECT name, argMax(t.value, t.slot) AS value, toUnixTimestamp(max(t.slot)) AS at
FROM xstat_slot AS t
WHERE t.host = {host:String} AND t.port = {port:String} AND t.name > {afterName:String} AND t.slot >= ${instant('from')}
GROUP BY name
ORDER BY name
LIMIT {limit:UInt32}`,
  parameters: { host: 'String', port: 'String', afterName: 'String', from: 'UInt32', limit: 'UInt32' },
  row: Type.Object({ name: Text, value: UInt64, at: UInt32 }),
  deadlineMs: 5_000,
  rowsMax: 1_001,
});
