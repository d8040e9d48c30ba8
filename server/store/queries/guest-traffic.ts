import { Type } from 'typebox';
import { defineQuery, UInt32, UInt64 } from '../run-query.ts';
import { instant, observed, windowParameters } from './fragments.ts';

const ownDatapaths = `SELECT value FROM host_fact
    WHERE host = {host:String} AND name = concat('port.', {port:String}, '.datapath') AND value != ''`;
const portsBeside = `SELECT substring(name, 6, length(name) - 14) FROM host_fact
    WHERE host = {host:String} AND startsWith(name, 'port.') AND endsWith(name, '.datapath') AND value IN (${ownDatapaths})`;

/**
 * Packets offered to one guest port, and to all guest ports of its datapath, in each second that any row tells. `unsure` rows
 * do not say what was offered in that second alone; `own` of them, and of none, is 0 rows of `told`.
 */
export const guestTraffic = defineQuery({
  name: 'guest-traffic',
  sql: `SELECT slot, sumIf(offered, isOwn AND plain) AS own, sumIf(offered, plain) AS everybody, countIf(NOT plain) AS unsure,
  countIf(isOwn AND plain) AS told
FROM (
  SELECT DISTINCT t.port AS port, t.port = {port:String} AS isOwn, ${observed} AS plain,
    arrayJoin(range(toUInt32(toUnixTimestamp(t.slot)), toUInt32(toUnixTimestamp(t.slot) + t.slots))) AS slot,
    greatest(ifNull(t.packets_inc, 0) + ifNull(t.drops_outside_inc, 0), ifNull(t.drops_outside_inc, 0) + ifNull(t.drops_inside_inc, 0))
      AS offered
  FROM port_slot AS t
  WHERE t.host = {host:String} AND t.direction = 'toGuest' AND t.port IN (${portsBeside})
    AND t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot < ${instant('to')} AND toUnixTimestamp(t.slot) + t.slots > {from:UInt32}
)
WHERE slot >= {from:UInt32} AND slot < {to:UInt32}
GROUP BY slot
ORDER BY slot`,
  parameters: { ...windowParameters, host: 'String', port: 'String' },
  row: Type.Object({ slot: UInt32, own: UInt64, everybody: UInt64, unsure: UInt64, told: UInt64 }),
  deadlineMs: 20_000,
  rowsMax: 86_400,
});
