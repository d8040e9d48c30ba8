import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { bridgesInside, windowParameters } from './fragments.ts';

const known = "t.state != 'unknown' AND t.suspect = 0";

/**
 * What the kernel booked for the polling threads of a host over a window: sums of known rows wholly inside, and how long
 * those rows are. A thread that was started anew is a row of its own.
 */
export const pmdThreads = defineQuery({
  name: 'pmd-threads',
  sql: `SELECT argMax(t.owner, t.slot) AS owner, argMax(t.name, t.slot) AS name, t.tid AS tid, t.start_ticks AS startTicks,
  sumIf(t.interval_ns, ${known}) AS knownNs, sumIf(assumeNotNull(t.run_ns_inc), ${known}) AS runNs,
  sumIf(assumeNotNull(t.run_delay_ns_inc), ${known}) AS runDelayNs
FROM thread_slot AS t
WHERE t.host = {host:String} AND t.role = 'pmd' AND ${bridgesInside}
GROUP BY tid, startTicks
HAVING knownNs > 0
ORDER BY name, tid, startTicks
LIMIT 4096`,
  parameters: { ...windowParameters, host: 'String' },
  row: Type.Object({
    owner: Text,
    name: Text,
    tid: UInt32,
    startTicks: UInt64,
    knownNs: UInt64,
    runNs: UInt64,
    runDelayNs: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 4_096,
});
