import { Type } from 'typebox';
import { defineQuery, UInt16, UInt32, UInt64 } from '../run-query.ts';
import { Direction, observed, rawWindow, stepOf, windowParameters } from './fragments.ts';

/**
 * Queues of one port, stepped; observed rows only. Bytes and drops count how many of the rows had them
 * (`bytesKnown`, `dropsKnown`): a driver that does not count them gives none, which is not zero.
 */
export const queueSeries = defineQuery({
  name: 'queue-series',
  sql: `SELECT direction, queue, ${stepOf('t.slot')} AS at, count() AS observed, sum(assumeNotNull(t.packets_inc)) AS packets,
  ifNull(sum(t.bytes_inc), 0) AS bytes, count(t.bytes_inc) AS bytesKnown,
  ifNull(sum(t.drops_inc), 0) AS drops, count(t.drops_inc) AS dropsKnown
FROM queue_slot AS t
WHERE t.host = {host:String} AND t.port = {port:String} AND ${rawWindow} AND ${observed}
GROUP BY direction, queue, at
ORDER BY toUInt8(direction), queue, at`,
  parameters: { ...windowParameters, host: 'String', port: 'String', step: 'UInt32' },
  row: Type.Object({
    direction: Direction,
    queue: UInt16,
    at: UInt32,
    observed: UInt64,
    packets: UInt64,
    bytes: UInt64,
    bytesKnown: UInt64,
    drops: UInt64,
    dropsKnown: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 100_000,
});
