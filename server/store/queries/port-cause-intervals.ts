import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { Direction, instant, Place, stepOf, windowParameters } from './fragments.ts';

/** Drops of one port by cause that were told as one sum over more than a step, or across an end of the window; oldest first. */
export const portCauseIntervals = defineQuery({
  name: 'port-cause-intervals',
  sql: `SELECT t.direction AS direction, t.cause AS cause, t.place AS place, toUnixTimestamp(t.slot) AS \`from\`,
  toUInt32(toUnixTimestamp(t.slot) + t.slots) AS \`to\`, t.packets AS packets
FROM drop_bridge AS t
WHERE t.host = {host:String} AND t.port = {port:String} AND t.packets > 0
  AND t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot < ${instant('to')}
  AND toUnixTimestamp(t.slot) + t.slots > {from:UInt32}
  AND (t.slot < ${instant('from')} OR toUnixTimestamp(t.slot) + t.slots > {to:UInt32}
    OR ${stepOf('t.slot')} != ${stepOf('t.slot + t.slots - 1')})
ORDER BY toUInt8(t.direction), t.cause, t.place, t.slot`,
  parameters: { ...windowParameters, host: 'String', port: 'String', step: 'UInt32' },
  row: Type.Object({ direction: Direction, cause: Text, place: Place, from: UInt32, to: UInt32, packets: UInt64 }),
  deadlineMs: 10_000,
  // Rows of one cause follow each other, so at most one of them crosses each end of a step.
  rowsMax: 40_000,
});
