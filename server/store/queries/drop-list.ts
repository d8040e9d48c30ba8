import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { Direction, instant, Place, windowParameters } from './fragments.ts';

/** Known rows of drops of a port that touch the window, whether anybody has said whose they are or not. */
export const dropList = defineQuery({
  name: 'drop-list',
  sql: `SELECT t.direction AS direction, toUnixTimestamp(t.slot) AS slot, t.slots AS slots, t.cause AS cause, t.place AS place,
  max(assumeNotNull(t.packets_inc)) AS packets
FROM drop_slot AS t
WHERE t.host = {host:String} AND t.port = {port:String}
  AND t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot < ${instant('to')}
  AND toUnixTimestamp(t.slot) + t.slots > {from:UInt32} AND t.packets_inc > 0 AND t.state != 'unknown' AND t.suspect = 0
  AND t.place != 'filtered'
GROUP BY direction, slot, slots, cause, place
ORDER BY slot, toUInt8(direction), cause, place
LIMIT {limit:UInt32}`,
  parameters: { ...windowParameters, host: 'String', port: 'String', limit: 'UInt32' },
  row: Type.Object({
    direction: Direction,
    slot: UInt32,
    slots: UInt32,
    cause: Text,
    place: Place,
    packets: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 5_001,
});
