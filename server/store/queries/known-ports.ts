import { Type } from 'typebox';
import { defineQuery, Text, UInt32 } from '../run-query.ts';
import { Direction, instant, whose } from './fragments.ts';
import { inPage, pageParameters } from './port-page.ts';

/** Ports and directions seen since `from` (to the minute), in the order of pages, with the slot of their last row. */
export const knownPorts = defineQuery({
  name: 'known-ports',
  sql: `SELECT host, port, direction, argMax(counted_in, (t.last_slot, t.counted_in)) AS countedIn,
  toUnixTimestamp(max(t.last_slot)) AS lastSlot
FROM port_1m AS t
WHERE t.minute >= toStartOfMinute(${instant('from')}) AND ${whose} AND ${inPage}
GROUP BY host, port, direction
ORDER BY host, port, toUInt8(direction)
LIMIT {limit:UInt32}`,
  parameters: { from: 'UInt32', host: 'String', port: 'String', ...pageParameters, limit: 'UInt32' },
  row: Type.Object({ host: Text, port: Text, direction: Direction, countedIn: Text, lastSlot: UInt32 }),
  deadlineMs: 5_000,
  rowsMax: 10_001,
});
