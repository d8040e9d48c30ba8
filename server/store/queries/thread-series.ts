import { Type } from 'typebox';
import { threadRoles } from '../../../core/catalogue/kinds.ts';
import { defineQuery, Text, UInt16, UInt32, UInt64 } from '../run-query.ts';
import { observed, rawWindow, stepOf, windowParameters } from './fragments.ts';

/**
 * Threads of a host, one row each: its latest state, and lists of equal length with one entry for each step that has
 * observed rows. Ordered by what is wanted first: the most run delay.
 */
export const threadSeries = defineQuery({
  name: 'thread-series',
  sql: `SELECT pid, tid, startTicks, argMax(r, last) AS role, argMax(o, last) AS owner, argMax(n, last) AS name,
  argMax(s, last) AS threadState, argMax(c, last) AS cpu, groupArray(at) AS at, groupArray(n_observed) AS observed,
  groupArray(n_run) AS runNs, groupArray(n_delay) AS runDelayNs
FROM (
  SELECT t.pid AS pid, t.tid AS tid, t.start_ticks AS startTicks, ${stepOf('t.slot')} AS at, max(t.slot) AS last,
    argMax(t.role, t.slot) AS r, argMax(t.owner, t.slot) AS o, argMax(t.name, t.slot) AS n,
    argMax(t.thread_state, t.slot) AS s, argMax(t.cpu, t.slot) AS c, count() AS n_observed,
    sum(assumeNotNull(t.run_ns_inc)) AS n_run, sum(assumeNotNull(t.run_delay_ns_inc)) AS n_delay
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
  }),
  deadlineMs: 10_000,
  rowsMax: 1_000,
});
