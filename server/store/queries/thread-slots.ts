import { Type } from 'typebox';
import { stallKinds } from '../../../core/catalogue/thread-kinds.ts';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { rawWindow, windowParameters } from './fragments.ts';

/** Threads of one owner, or with `pid` the polling threads of that process; at most `limit` of them. */
const theirs = `t.host = {host:String} AND ${rawWindow} AND if({pid:UInt32} = 0, t.owner = {owner:String}, t.pid = {pid:UInt32} AND t.role = 'pmd')`;
const some = (table: string) =>
  `${theirs} AND (t.tid, t.start_ticks) IN (SELECT DISTINCT t.tid, t.start_ticks FROM ${table} AS t WHERE ${theirs} LIMIT {limit:UInt32})`;
const parameters = { ...windowParameters, host: 'String', owner: 'String', pid: 'UInt32', limit: 'UInt32' } as const;
const stallsMax = 100_000;

/**
 * Each second of threads that may keep packets waiting. Not observed: times are 0 and nothing uses them. Waited is for a CPU,
 * or stopped; it, `longestNs` and `sleeps` empty: nobody sampled them.
 */
export const threadSlots = defineQuery({
  name: 'thread-slots',
  sql: `SELECT t.pid AS pid, t.tid AS tid, t.start_ticks AS startTicks, t.role AS role, t.owner AS owner,
  toUnixTimestamp(t.slot) AS slot, t.state = 'observed' AND t.suspect = 0 AS observed,
  ifNull(t.run_ns_inc, 0) AS ranNs, ifNull(toString(t.run_delay_ns_inc + t.stopped_ns), '') AS waitedNs,
  ifNull(toString(t.longest_stall_high_ns), '') AS longestNs, ifNull(toString(t.voluntary_switches), '') AS sleeps
FROM thread_slot AS t
WHERE ${some('thread_slot')}
ORDER BY t.tid, t.start_ticks, t.slot`,
  parameters,
  row: Type.Object({
    pid: UInt32,
    tid: UInt32,
    startTicks: UInt64,
    role: Text,
    owner: Text,
    slot: UInt32,
    observed: Type.Integer({ minimum: 0, maximum: 1 }),
    ranNs: UInt64,
    waitedNs: Text,
    longestNs: Text,
    sleeps: Text,
  }),
  deadlineMs: 10_000,
  rowsMax: 400_000,
});

/**
 * Stalls of the same threads that ended, or went on, in the window, the longest first; times are ns since 1970. Of very many
 * the shortest are left out: a stall that is not told convicts nobody.
 */
export const threadStallsNear = defineQuery({
  name: 'thread-stalls-near',
  sql: `SELECT t.tid AS tid, t.start_ticks AS startTicks, t.stall AS kind, t.from_ns AS fromNs, t.to_ns AS toNs, t.low_ns AS lowNs,
  t.high_ns AS highNs
FROM thread_stall AS t
WHERE ${theirs}
ORDER BY t.low_ns DESC, t.tid, t.start_ticks, t.from_ns
LIMIT ${stallsMax}`,
  parameters,
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
  rowsMax: stallsMax,
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
