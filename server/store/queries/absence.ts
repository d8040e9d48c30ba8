import { Type } from 'typebox';
import { defineQuery, Text, UInt32 } from '../run-query.ts';
import { instant, windowParameters } from './fragments.ts';

/** How a port was set and connected: what held when a window began, and what was said in it, between blanks. */
export const portStates = defineQuery({
  name: 'port-states',
  sql: `SELECT substring(t.name, length('port.') + length({port:String}) + 2) AS field,
  argMaxIf(t.value, t.at, t.at < ${instant('from')}) AS before,
  arrayStringConcat(arraySort(groupUniqArrayIf(t.value, t.at >= ${instant('from')})), ' ') AS during
FROM host_fact AS t
WHERE t.host = {host:String} AND t.at < ${instant('to')}
  AND t.name IN (concat('port.', {port:String}, '.admin'), concat('port.', {port:String}, '.link'))
GROUP BY t.name
ORDER BY t.name`,
  parameters: { ...windowParameters, host: 'String', port: 'String' },
  row: Type.Object({ field: Text, before: Text, during: Text }),
  deadlineMs: 5_000,
  rowsMax: 2,
});

/** Of how many seconds of a window each port to a guest has counters; ports of which none is known are left out. */
export const knownSeconds = defineQuery({
  name: 'known-seconds',
  sql: `SELECT t.port AS port,
  toUInt32(sum(least(toUnixTimestamp(t.slot) + t.slots, {to:UInt32}) - greatest(toUnixTimestamp(t.slot), {from:UInt32}))) AS seconds
FROM port_slot AS t
WHERE t.host = {host:String} AND t.direction = 'toGuest' AND t.state != 'unknown'
  AND t.slot >= ${instant('from')} - INTERVAL 1 HOUR AND t.slot < ${instant('to')}
  AND toUnixTimestamp(t.slot) + t.slots > {from:UInt32}
GROUP BY port
ORDER BY port`,
  parameters: { ...windowParameters, host: 'String' },
  row: Type.Object({ port: Text, seconds: UInt32 }),
  deadlineMs: 10_000,
  rowsMax: 10_000,
});
