import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { Direction, instant, Place, rawWindow, windowParameters } from './fragments.ts';

const key = 'host, port, direction, slot, slots, cause, place';

/**
 * Known rows of drops that begin in the window and end by `settled`, and that nobody has looked at: those without an owner
 * (revision 0), and those of which rows of their minute were stored since, `changedMs`, once that minute has been over for a
 * minute. Rows that tell one interval twice and differ are left out: nobody knows which is right.
 */
export const unattributed = defineQuery({
  name: 'unattributed',
  sql: `SELECT d.host AS host, d.port AS port, d.direction AS direction, d.slot AS slot, d.slots AS slots, d.cause AS cause,
  d.place AS place, d.packets AS packets, a.revision AS revision, a.evidence AS evidence, a.known AS known,
  toUInt64(toUnixTimestamp64Milli(s.changed)) AS changedMs
FROM (
  SELECT t.host AS host, t.port AS port, t.direction AS direction, toUnixTimestamp(t.slot) AS slot, t.slots AS slots,
    t.cause AS cause, t.place AS place, max(assumeNotNull(t.packets_inc)) AS packets,
    toStartOfMinute(any(t.slot) + any(t.slots) - 1) AS minute
  FROM drop_slot AS t
  WHERE ${rawWindow} AND t.packets_inc > 0 AND t.state != 'unknown' AND t.suspect = 0 AND t.place != 'filtered'
    AND toUnixTimestamp(t.slot) + t.slots <= {settled:UInt32}
  GROUP BY ${key}
  HAVING uniqExact(t.packets_inc) = 1
) AS d
LEFT JOIN (
  SELECT t.host AS host, t.port AS port, t.direction AS direction, toUnixTimestamp(t.slot) AS slot, t.slots AS slots,
    t.cause AS cause, t.place AS place, max(t.revision) AS revision, argMax(t.evidence, t.revision) AS evidence,
    argMax(t.packets, t.revision) AS known, max(t.stored_at) AS written
  FROM attribution AS t WHERE ${rawWindow} GROUP BY ${key}
) AS a ON d.host = a.host AND d.port = a.port AND d.direction = a.direction AND d.slot = a.slot AND d.slots = a.slots
  AND d.cause = a.cause AND d.place = a.place
LEFT JOIN (
  SELECT t.host AS host, t.minute AS minute, max(t.stored_at) AS changed FROM stored_1m AS t
  WHERE t.minute >= toStartOfMinute(${instant('from')}) AND t.minute < ${instant('to')} + INTERVAL 1 DAY
  GROUP BY host, minute
) AS s ON d.host = s.host AND d.minute = s.minute
WHERE a.revision = 0 OR (s.changed > a.written AND toUnixTimestamp(d.minute) + 120 <= {now:UInt32})
ORDER BY d.host, d.slot, d.port, d.direction, d.cause
LIMIT {skip:UInt32}, {limit:UInt32}`,
  parameters: { ...windowParameters, settled: 'UInt32', now: 'UInt32', skip: 'UInt32', limit: 'UInt32' },
  row: Type.Object({
    host: Text,
    port: Text,
    direction: Direction,
    slot: UInt32,
    slots: UInt32,
    cause: Text,
    place: Place,
    packets: UInt64,
    revision: UInt32,
    evidence: Text,
    known: UInt64,
    changedMs: UInt64,
  }),
  deadlineMs: 20_000,
  rowsMax: 10_000,
});

/** When owners were last written, ms since 1970; 0: never. */
export const lastAttributed = defineQuery({
  name: 'last-attributed',
  sql: `SELECT toUInt64(toUnixTimestamp64Milli(max(t.stored_at))) AS atMs FROM attribution AS t WHERE t.slot >= ${instant('from')}`,
  parameters: { from: 'UInt32' },
  row: Type.Object({ atMs: UInt64 }),
  deadlineMs: 10_000,
  rowsMax: 1,
});
