import { Type } from 'typebox';
import { defineQuery, UInt32, UInt64 } from '../run-query.ts';
import { Direction, instant, stepOf, windowParameters } from './fragments.ts';

const touching = `t.host = {host:String} AND t.port = {port:String} AND t.place != 'filtered'
    AND t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot < ${instant('to')}
    AND toUnixTimestamp(t.slot) + t.slots > {from:UInt32}`;
const end = 'toUnixTimestamp(t.slot) + t.slots';
/** Wholly in one step of the window. */
const inStep = `t.slot >= ${instant('from')} AND ${end} <= {to:UInt32} AND ${stepOf('t.slot')} = ${stepOf('t.slot + t.slots - 1')}`;

const key =
  't.port AS port, t.direction AS direction, t.slot AS slot, t.slots AS slots, t.cause AS cause, t.place AS place';
const nobody = 'tuple(toUInt32(0), toUInt64(0), toUInt64(0), toUInt64(0), toUInt64(0), toUInt64(0))';

/**
 * Rows of drops with their owners: the newest word of each holds, unless the row has another number now; without one it is
 * unknown. Raw rows live a week and owners longer: then what was said stands alone.
 */
export function heldOwners(which: string): string {
  return `SELECT port, direction, cause, place, slot, slots, max(raw) AS n_raw, max(told).1 AS revision,
  revision > 0 AND (n_raw = 0 OR max(told).2 = n_raw) AS holds, if(holds, max(told).3, 0) AS provider,
  if(holds, max(told).4, 0) AS tenant, if(holds, max(told).5, 0) AS contract, if(holds, max(told).6, n_raw) AS unknown
FROM (
  SELECT ${key}, assumeNotNull(t.packets_inc) AS raw, ${nobody} AS told
  FROM drop_slot AS t WHERE ${which} AND t.packets_inc > 0 AND t.state != 'unknown' AND t.suspect = 0
  UNION ALL
  SELECT ${key}, toUInt64(0) AS raw, tuple(toUInt32(t.revision), t.packets, t.provider, t.tenant, t.contract, t.unknown) AS told
  FROM attribution AS t WHERE ${which}
)
GROUP BY port, direction, slot, slots, cause, place`;
}

/**
 * Lost packets of a port by owner, over the stretches they were told for: rows that lie in one step are one sum of that step,
 * longer ones keep their own length. A row of drops that nobody has attributed, or with another number since, is unknown.
 */
export const ownerSteps = defineQuery({
  name: 'owner-steps',
  sql: `SELECT direction, since AS \`from\`, until AS \`to\`, sum(t.provider) AS provider, sum(t.tenant) AS tenant,
  sum(t.contract) AS contract, sum(t.unknown) AS unknown
FROM (
  SELECT t.direction AS direction, t.provider AS provider, t.tenant AS tenant, t.contract AS contract, t.unknown AS unknown,
    if(${inStep}, ${stepOf('t.slot')}, toUnixTimestamp(t.slot)) AS since,
    if(${inStep}, toUInt32(least(${stepOf('t.slot')} + {step:UInt32}, {to:UInt32})), toUInt32(${end})) AS until
  FROM (${heldOwners(touching)}) AS t
) AS t
GROUP BY direction, since, until
HAVING provider + tenant + contract + unknown > 0
ORDER BY toUInt8(direction), since, until`,
  parameters: { ...windowParameters, host: 'String', port: 'String', step: 'UInt32' },
  row: Type.Object({
    direction: Direction,
    from: UInt32,
    to: UInt32,
    provider: UInt64,
    tenant: UInt64,
    contract: UInt64,
    unknown: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 40_000,
});
