import { Type } from 'typebox';
import { defineQuery, UInt16, UInt32, UInt64 } from '../run-query.ts';
import { Direction, rawWindow, windowParameters } from './fragments.ts';

/** More pieces than these of a port and window are not told. */
export const runPiecesMax = 20_000;

/** Times that rings of a port were full for a millisecond and more, both directions, in pieces of seconds and in order of time. */
export const portRingRuns = defineQuery({
  name: 'port-ring-runs',
  sql: `SELECT t.direction AS direction, t.queue AS queue, toUnixTimestamp(t.slot) AS slot, t.from_ns AS fromNs,
  t.length_ns AS lengthNs, t.length_ns_min AS lengthNsMin, t.length_ns_max AS lengthNsMax, bitAnd(t.continues, 1) AS began
FROM vring_run AS t
WHERE t.host = {host:String} AND t.port = {port:String} AND ${rawWindow}
ORDER BY t.slot, t.from_ns, toUInt8(t.direction), t.queue
LIMIT ${runPiecesMax + 1}`,
  parameters: { ...windowParameters, host: 'String', port: 'String' },
  row: Type.Object({
    direction: Direction,
    queue: UInt16,
    slot: UInt32,
    fromNs: UInt64,
    lengthNs: UInt64,
    lengthNsMin: UInt64,
    lengthNsMax: UInt64,
    began: Type.Integer({ minimum: 0, maximum: 1 }),
  }),
  deadlineMs: 10_000,
  rowsMax: runPiecesMax + 1,
});
