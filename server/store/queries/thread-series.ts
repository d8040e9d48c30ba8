import { Type } from 'typebox';
import { threadRoles } from '../../../core/catalogue/thread-kinds.ts';
import { defineQuery, Text, UInt16, UInt32, UInt64 } from '../run-query.ts';
import { observed, rawWindow, stepOf, windowParameters } from './fragments.ts';

/**
 * Threads of a host, one row each: its latest state, and lists of equal length with one entry for each step that has
 * observed rows; `sampled` of them have what follows it, and the rest knows nothing of it. Ordered by what is wanted first: the most run delay.
 */
export const threadSeries = defineQuery({
  name: 'thread-series',
  sql: `SELECT pid, tid, startTicks, argMax(r, last) AS role, argMax(o, last) AS owner, argMax(n, last) AS name,
  argMax(s, last) AS threadState, argMax(c, last) AS cpu, groupArray(at) AS at, groupArray(n_observed) AS observed,
  groupArray(n_run) AS runNs, groupArray(n_delay) AS runDelayNs, groupArray(n_sampled) AS sampled,
  groupArray(n_pushed) AS involuntarySwitches, groupArray(n_low) AS delayInvoluntaryLowNs,
  groupArray(n_high) AS delayInvoluntaryHighNs, groupArray(n_stopped) AS stoppedNs,
  groupArray(n_longest_low) AS longestStallLowNs, groupArray(n_longest_high) AS longestStallHighNs,
  groupArray(n_stalls) AS stalls
FROM (
  SELECT t.pid AS pid, t.tid AS tid, t.start_ticks AS startTicks, ${stepOf('t.slot')} AS at, max(t.slot) AS last,
    argMax(t.role, t.slot) AS r, argMax(t.owner, t.slot) AS o, argMax(t.name, t.slot) AS n,
    argMax(t.thread_state, t.slot) AS s, argMax(t.cpu, t.slot) AS c, count() AS n_observed,
    sum(assumeNotNull(t.run_ns_inc)) AS n_run, sum(assumeNotNull(t.run_delay_ns_inc)) AS n_delay,
    count(t.stall_samples) AS n_sampled,
    ifNull(sum(t.involuntary_switches), 0) AS n_pushed, ifNull(sum(t.delay_involuntary_low_ns), 0) AS n_low,
    ifNull(sum(t.delay_involuntary_high_ns), 0) AS n_high, ifNull(sum(t.stopped_ns), 0) AS n_stopped,
    ifNull(max(t.longest_stall_low_ns), 0) AS n_longest_low, ifNull(max(t.longest_stall_high_ns), 0) AS n_longest_high,
    ifNull(sum(t.stalls), 0) AS n_stalls
  FROM thread_slot AS t
  WHERE t.host = {host:String} AND ${rawWindow} AND ${observed}
  GROUP BY pid, tid, startTicks, at
  ORDER BY at
)
GROUP BY pid, tid, startTicks
ORDER BY sum(n_delay) DESC, tid
LIMIT 1000`,
  parameters: { ...windowParameters, host: 'String', step: 'UInt32' },
  row: Type.Object({
    pid: UInt32,
    tid: UInt32,
    startTicks: UInt64,
    role: Type.Union(threadRoles.map((role) => Type.Literal(role))),
    owner: Text,
    name: Text,
    threadState: Text,
    cpu: UInt16,
    at: Type.Array(UInt32),
    observed: Type.Array(UInt64),
    runNs: Type.Array(UInt64),
    runDelayNs: Type.Array(UInt64),
    sampled: Type.Array(UInt64),
    involuntarySwitches: Type.Array(UInt64),
    delayInvoluntaryLowNs: Type.Array(UInt64),
    delayInvoluntaryHighNs: Type.Array(UInt64),
    stoppedNs: Type.Array(UInt64),
    longestStallLowNs: Type.Array(UInt64),
    longestStallHighNs: Type.Array(UInt64),
    stalls: Type.Array(UInt64),
  }),
  deadlineMs: 10_000,
  rowsMax: 1_000,
});
