import { Type } from 'typebox';
import { defineQuery, Text, UInt16, UInt32, UInt64 } from '../run-query.ts';
import { instant, rawWindow, windowParameters } from './fragments.ts';

const parameters = { ...windowParameters, host: 'String', port: 'String' } as const;
const ofPort = `t.host = {host:String} AND t.port = {port:String} AND t.direction = 'toGuest' AND ${rawWindow}`;
/** More runs of a port in a batch are not read: rows of drops then have none. */
export const ringRunsMax = 100_000;
const fills = Array.from({ length: 10 }, (_, i) => `t.fill${i} > 0`);

/**
 * Each second of the rings of a port that the host puts packets into. `lowest`: number of the lowest eighth that a sample found it in, 0 empty,
 * 1 to 8 up to so many eighths, 9 full.
 */
export const ringSlots = defineQuery({
  name: 'ring-slots',
  sql: `SELECT t.queue AS queue, toUnixTimestamp(t.slot) AS slot, t.size AS size, t.samples AS samples,
  t.missed AS missed, t.suspect_samples AS suspect, t.runs_left_out AS leftOut, t.full_ns AS fullNs,
  toUInt16(indexOf([${fills.join(', ')}], 1) - 1) AS lowest
FROM vring_slot AS t
WHERE ${ofPort} AND t.samples > 0
ORDER BY t.queue, t.slot`,
  parameters,
  row: Type.Object({
    queue: UInt16,
    slot: UInt32,
    size: UInt32,
    samples: UInt32,
    missed: UInt32,
    suspect: UInt32,
    leftOut: UInt32,
    fullNs: UInt64,
    lowest: UInt16,
  }),
  deadlineMs: 10_000,
  rowsMax: 400_000,
});

/** Times that such a ring was full for a millisecond and more, in pieces of seconds; in order. */
export const ringRuns = defineQuery({
  name: 'ring-runs',
  sql: `SELECT t.queue AS queue, toUnixTimestamp(t.slot) AS slot, t.from_ns AS fromNs, t.length_ns AS lengthNs,
  bitAnd(t.continues, 1) AS began
FROM vring_run AS t
WHERE ${ofPort}
ORDER BY t.queue, t.slot, t.from_ns
LIMIT ${ringRunsMax + 1}`,
  parameters,
  row: Type.Object({
    queue: UInt16,
    slot: UInt32,
    fromNs: UInt64,
    lengthNs: UInt64,
    began: Type.Integer({ minimum: 0, maximum: 1 }),
  }),
  deadlineMs: 10_000,
  rowsMax: ringRunsMax + 1,
});

/**
 * Whose rings were found last before an instant, as the collector's events say it. `unread`: queue pairs of the port whose rings
 * are not read.
 */
export const ringGuests = defineQuery({
  name: 'ring-guests',
  sql: `SELECT substring(t.object, 1, position(t.object, ' ') - 1) AS port, argMax(JSONExtractString(t.detail, 'guest'), t.at) AS guest,
  argMax(toUInt32(JSONExtractUInt(t.detail, 'queuesUnread')), t.at) AS unread
FROM event AS t
WHERE t.host = {host:String} AND t.event = 'vring_seen' AND t.at < ${instant('to')}
GROUP BY port
HAVING guest != '' AND port != ''
ORDER BY port
LIMIT 5000`,
  parameters: { host: 'String', to: 'UInt32' },
  row: Type.Object({ port: Text, guest: Text, unread: UInt32 }),
  deadlineMs: 5_000,
  rowsMax: 5_000,
});
