import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { Direction, instant, observed, Place, rawWindow, windowParameters } from './fragments.ts';

/** Raw rows of one path, as seals and exports read them. A path is (host, port, direction). */

const path = 't.host = {host:String} AND t.port = {port:String} AND t.direction = {direction:String}';
const pathParameters = { ...windowParameters, host: 'String', port: 'String', direction: 'String' } as const;
const State = Type.Union([Type.Literal('observed'), Type.Literal('bridged'), Type.Literal('unknown')]);
const Flag = Type.Integer({ minimum: 0, maximum: 1 });
/** First slot of the step in which a row begins; steps divide a day. */
const stepOfSlot = 'toUInt32(intDiv(toUnixTimestamp(slot), {step:UInt32}) * {step:UInt32})';

/** Rows that begin in the window; `steps`: only in steps of `step` seconds that begin at one of these, empty: in all. */
export const slotRows = defineQuery({
  name: 'slot-rows',
  sql: `SELECT toUnixTimestamp(t.slot) AS slot, t.slots AS slots, t.state AS state, t.suspect AS suspect,
  ifNull(t.packets_inc, 0) AS packets, ifNull(t.drops_outside_inc, 0) AS dropsOutside, ifNull(t.drops_inside_inc, 0) AS dropsInside
FROM port_slot AS t
WHERE ${path} AND ${rawWindow} AND ({steps:String} = '' OR has(
  arrayMap(s -> toUInt32(s), splitByChar(',', if({steps:String} = '', '0', {steps:String}))), ${stepOfSlot}))
ORDER BY t.slot`,
  parameters: { ...pathParameters, steps: 'String', step: 'UInt32' },
  row: Type.Object({
    slot: UInt32,
    slots: UInt32,
    state: State,
    suspect: Flag,
    packets: UInt64,
    dropsOutside: UInt64,
    dropsInside: UInt64,
  }),
  deadlineMs: 20_000,
  rowsMax: 100_000,
});

/**
 * The window by steps of equal length, those without rows left out. `clean` and `idle`: slots that are told by exactly one
 * row each, observed, not suspect, without drops, with ten packets or more, or with fewer. `reach`: the end of the last
 * known row that begins in the step.
 */
export const slotSteps = defineQuery({
  name: 'slot-steps',
  sql: `SELECT at, count() AS rows, uniqExact(t.slot) AS told, countIf(quiet AND packets >= 10) AS clean,
  countIf(quiet AND packets < 10) AS idle, sum(packets) AS offered, max(packets) AS offeredMax,
  maxIf(toUInt32(toUnixTimestamp(t.slot) + t.slots), t.state != 'unknown' AND t.suspect = 0) AS reach
FROM (
  SELECT slot, slots, state, suspect, ${stepOfSlot} AS at,
    ifNull(t.packets_inc, 0) AS packets,
    ${observed} AND slots = 1 AND t.drops_outside_inc = 0 AND t.drops_inside_inc = 0 AS quiet
  FROM port_slot AS t WHERE ${path} AND ${rawWindow}
) AS t
GROUP BY at
ORDER BY at`,
  parameters: { ...pathParameters, step: 'UInt32' },
  row: Type.Object({
    at: UInt32,
    rows: UInt64,
    told: UInt64,
    clean: UInt64,
    idle: UInt64,
    offered: UInt64,
    offeredMax: UInt64,
    reach: UInt32,
  }),
  deadlineMs: 20_000,
  rowsMax: 1_500,
});

/**
 * Drops of a path by cause that begin in the window, and those that reach into it from up to a day before. Rows without
 * a packet are left out, but for those that tell that drops beside the port are not known.
 */
export const slotCauses = defineQuery({
  name: 'slot-causes',
  sql: `SELECT toUnixTimestamp(t.slot) AS slot, t.slots AS slots, t.state AS state, t.suspect AS suspect, t.cause AS cause,
  t.place AS place, ifNull(t.packets_inc, 0) AS packets
FROM drop_slot AS t
WHERE ${path} AND t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot < ${instant('to')}
  AND (t.slot >= ${instant('from')} OR toUnixTimestamp(t.slot) + t.slots > {from:UInt32}) AND t.place != 'filtered'
  AND (t.packets_inc > 0 OR (t.place = 'beside' AND (t.state = 'unknown' OR t.suspect = 1)))
ORDER BY t.slot, t.cause`,
  parameters: pathParameters,
  row: Type.Object({
    slot: UInt32,
    slots: UInt32,
    state: State,
    suspect: Flag,
    cause: Text,
    place: Place,
    packets: UInt64,
  }),
  deadlineMs: 20_000,
  rowsMax: 400_000,
});

/** Gaps of a path with a known sum that begin up to a day before the window and end inside it. */
export const slotsEntering = defineQuery({
  name: 'slots-entering',
  sql: `SELECT toUnixTimestamp(t.slot) AS slot, t.slots AS slots
FROM port_bridge AS t
WHERE ${path} AND t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot < ${instant('from')}
  AND toUnixTimestamp(t.slot) + t.slots > {from:UInt32}
ORDER BY t.slot`,
  parameters: pathParameters,
  row: Type.Object({ slot: UInt32, slots: UInt32 }),
  deadlineMs: 10_000,
  rowsMax: 1_000,
});

/**
 * How many raw rows each path of a host has that begin in the window; what says whose a loss is counts with them. `unsure`: those
 * of no single second that is known.
 */
export const rawRowCounts = defineQuery({
  name: 'raw-row-counts',
  sql: `SELECT port, direction, sum(n) AS rows, sum(own) AS ownRows, sum(lone) AS unsure
FROM (
  SELECT port, direction, count() AS n, n AS own, countIf(NOT (${observed})) AS lone FROM port_slot AS t WHERE t.host = {host:String} AND ${rawWindow} GROUP BY port, direction
  UNION ALL
  SELECT port, direction, count() AS n, 0 AS own, 0 AS lone FROM drop_slot AS t WHERE t.host = {host:String} AND ${rawWindow} GROUP BY port, direction
  UNION ALL
  SELECT port, direction, count() AS n, 0 AS own, 0 AS lone FROM attribution AS t WHERE t.host = {host:String} AND ${rawWindow} GROUP BY port, direction
)
GROUP BY port, direction
HAVING ownRows > 0
ORDER BY port, toUInt8(direction)`,
  parameters: { ...windowParameters, host: 'String' },
  row: Type.Object({ port: Text, direction: Direction, rows: UInt64, ownRows: UInt64, unsure: UInt64 }),
  deadlineMs: 60_000,
  rowsMax: 20_000,
});
