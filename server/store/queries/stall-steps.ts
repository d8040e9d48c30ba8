import { Type } from 'typebox';
import { threadRoles } from '../../../core/catalogue/thread-kinds.ts';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { observed, rawWindow, stepOf, windowParameters } from './fragments.ts';

/** Threads of a guest, and all polling threads of its host, with the first and the last second that rows tell of them. */
export const threadSpans = defineQuery({
  name: 'thread-spans',
  sql: `SELECT t.pid AS pid, t.tid AS tid, t.start_ticks AS startTicks, argMax(t.role, t.slot) AS role, argMax(t.owner, t.slot) AS owner,
  argMax(t.name, t.slot) AS name, toUInt32(toUnixTimestamp(min(t.slot))) AS \`from\`,
  toUInt32(max(toUnixTimestamp(t.slot) + t.slots)) AS \`to\`
FROM thread_slot AS t
WHERE t.host = {host:String} AND ${rawWindow} AND (t.role = 'pmd' OR ({guest:String} != '' AND t.owner = {guest:String}))
  AND t.role != 'other'
GROUP BY pid, tid, startTicks
ORDER BY tid, startTicks
LIMIT 2048`,
  parameters: { ...windowParameters, host: 'String', guest: 'String' },
  row: Type.Object({
    pid: UInt32,
    tid: UInt32,
    startTicks: UInt64,
    role: Type.Union(threadRoles.map((role) => Type.Literal(role))),
    owner: Text,
    name: Text,
    from: UInt32,
    to: UInt32,
  }),
  deadlineMs: 10_000,
  rowsMax: 2_048,
});

/**
 * The longest single stall of some threads in each step: at least and at most. `known`: seconds of threads that were sampled.
 * `threads`: thread ids and start ticks, `12 345` each, between commas.
 */
export const stallSteps = defineQuery({
  name: 'stall-steps',
  sql: `SELECT ${stepOf('t.slot')} AS at, count() AS known, max(assumeNotNull(t.longest_stall_low_ns)) AS lowNs,
  max(assumeNotNull(t.longest_stall_high_ns)) AS highNs
FROM thread_slot AS t
WHERE t.host = {host:String} AND ${rawWindow} AND ${observed} AND isNotNull(t.stall_samples)
  AND (t.tid, t.start_ticks) IN (
    SELECT toUInt32(splitByChar(' ', one)[1]), toUInt64(splitByChar(' ', one)[2])
    FROM (SELECT arrayJoin(splitByChar(',', {threads:String})) AS one) WHERE one != '')
GROUP BY at
ORDER BY at`,
  parameters: { ...windowParameters, host: 'String', step: 'UInt32', threads: 'String' },
  row: Type.Object({ at: UInt32, known: UInt64, lowNs: UInt64, highNs: UInt64 }),
  deadlineMs: 10_000,
  rowsMax: 4_000,
});
