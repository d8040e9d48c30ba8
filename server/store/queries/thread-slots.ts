import { Type } from 'typebox';
import { stallKinds } from '../../attribution/evidence.ts';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { rawWindow, windowParameters } from './fragments.ts';

/**
 * Each second of the threads of a host that may keep packets waiting. Not observed: times are 0 and nothing uses them. Waited is
 * for a CPU, or stopped; `longestNs` and `sleeps` empty: nobody sampled them.
 */
export const threadSlots = defineQuery({
  name: 'thread-slots',
  sql: `SELECT t.pid AS pid, t.tid AS tid, t.start_ticks AS startTicks, t.role AS role, t.owner AS owner,
  toUnixTimestamp(t.slot) AS slot, t.state = 'observed' AND t.suspect = 0 AS observed,
  ifNull(t.run_ns_inc, 0) AS ranNs, ifNull(t.run_delay_ns_inc, 0) + ifNull(t.stopped_ns, 0) AS waitedNs,
  ifNull(toString(t.longest_stall_high_ns), '') AS longestNs, ifNull(toString(t.voluntary_switches), '') AS sleeps
FROM thread_slot AS t
WHERE t.host = {host:String} AND ${rawWindow}
ORDER BY t.tid, t.start_ticks, t.slot`,
  parameters: { ...windowParameters, host: 'String' },
  row: Type.Object({
    pid: UInt32,
    tid: UInt32,
    startTicks: UInt64,
    role: Text,
    owner: Text,
    slot: UInt32,
    observed: Type.Integer({ minimum: 0, maximum: 1 }),
    ranNs: UInt64,
    waitedNs: UInt64,
    longestNs: Text,
    sleeps: Text,
  }),
  deadlineMs: 10_000,
  rowsMax: 400_000,
});

/** Stalls of threads of a host that ended, or went on, in the window; times are ns since 1970. */
export const threadStallsNear = defineQuery({
  name: 'thread-stalls-near',
  sql: `SELECT t.tid AS tid, t.start_ticks AS startTicks, t.stall AS kind, t.from_ns AS fromNs, t.to_ns AS toNs, t.low_ns AS lowNs,
  t.high_ns AS highNs
FROM thread_stall AS t
WHERE t.host = {host:String} AND ${rawWindow}
ORDER BY t.tid, t.start_ticks, t.from_ns`,
  parameters: { ...windowParameters, host: 'String' },
  row: Type.Object({
    tid: UInt32,
    startTicks: UInt64,
    kind: Type.Union(stallKinds.map((kind) => Type.Literal(kind))),
    fromNs: UInt64,
    toNs: UInt64,
    lowNs: UInt64,
    highNs: UInt64,
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
