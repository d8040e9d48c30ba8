import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { rawWindow, windowParameters } from './fragments.ts';

/** Each second of the threads of a host that may keep packets waiting; not observed: NULL stands for both times. */
export const threadSlots = defineQuery({
  name: 'thread-slots',
  sql: `SELECT t.pid AS pid, t.tid AS tid, t.start_ticks AS startTicks, t.role AS role, t.owner AS owner,
  toUnixTimestamp(t.slot) AS slot, t.state = 'observed' AND t.suspect = 0 AS observed,
  ifNull(t.run_ns_inc, 0) AS ranNs, ifNull(t.run_delay_ns_inc, 0) AS waitedNs
FROM thread_slot AS t
WHERE t.host = {host:String} AND ${rawWindow} AND t.role IN ('vcpu', 'pmd')
ORDER BY t.tid, t.start_ticks, t.slot`,
  parameters: { ...windowParameters, host: 'String' },
  row: Type.Object({
    pid: UInt32,
    tid: UInt32,
    startTicks: UInt64,
    role: Type.Union([Type.Literal('vcpu'), Type.Literal('pmd')]),
    owner: Text,
    slot: UInt32,
    observed: Type.Integer({ minimum: 0, maximum: 1 }),
    ranNs: UInt64,
    waitedNs: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 400_000,
});

/** What the facts of a host said at an instant, of names that begin so and end so. */
export const factsAt = defineQuery({
  name: 'facts-at',
  sql: `SELECT name, argMax(t.value, t.at) AS value
FROM host_fact AS t
WHERE t.host = {host:String} AND t.at < toDateTime({at:UInt32}, 'UTC')
  AND (t.name = 'ovs.pid' OR (startsWith(t.name, 'port.') AND endsWith(t.name, '.guest')))
GROUP BY name
HAVING value != ''
ORDER BY name
LIMIT 5000`,
  parameters: { host: 'String', at: 'UInt32' },
  row: Type.Object({ name: Text, value: Text }),
  deadlineMs: 5_000,
  rowsMax: 5_000,
});
