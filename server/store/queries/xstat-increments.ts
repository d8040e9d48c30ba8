import { Type } from 'typebox';
import { defineQuery, Text, UInt64 } from '../run-query.ts';
import { instant, windowParameters } from './fragments.ts';

/**
 * How much each raw counter of a port moved over a window: rows wholly inside. A counter that did not move has a row once
 * a minute, so names are looked for two minutes before the window too; \`unknown\` counts rows inside without an increment.
 */
export const xstatIncrements = defineQuery({
  name: 'xstat-increments',
  sql: `SELECT t.name AS name, sumIf(assumeNotNull(t.value_inc), ${inside()} AND t.state != 'unknown') AS increment,
  countIf(${inside()} AND t.state = 'unknown') AS unknown
FROM xstat_slot AS t
WHERE t.host = {host:String} AND t.port = {port:String} AND t.suspect = 0
  AND t.slot >= ${instant('from')} - INTERVAL 120 SECOND AND t.slot < ${instant('to')}
GROUP BY name
ORDER BY name`,
  parameters: { ...windowParameters, host: 'String', port: 'String' },
  row: Type.Object({ name: Text, increment: UInt64, unknown: UInt64 }),
  deadlineMs: 10_000,
  rowsMax: 10_000,
});

function inside(): string {
  return 'toUnixTimestamp(t.slot) >= {from:UInt32} AND toUnixTimestamp(t.slot) + t.slots <= {to:UInt32}';
}
