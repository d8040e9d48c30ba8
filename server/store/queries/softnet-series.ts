import { Type } from 'typebox';
import { defineQuery, UInt16, UInt32, UInt64 } from '../run-query.ts';
import { observed, rawWindow, stepOf, windowParameters } from './fragments.ts';

/** Receive backlog of each CPU of a host, stepped; observed rows only. */
export const softnetSeries = defineQuery({
  name: 'softnet-series',
  sql: `SELECT cpu, ${stepOf('t.slot')} AS at, count() AS observed, sum(assumeNotNull(t.processed_inc)) AS processed,
  sum(assumeNotNull(t.dropped_inc)) AS dropped, sum(assumeNotNull(t.time_squeeze_inc)) AS timeSqueeze
FROM softnet_slot AS t
WHERE t.host = {host:String} AND ${rawWindow} AND ${observed}
GROUP BY cpu, at
ORDER BY cpu, at`,
  parameters: { ...windowParameters, host: 'String', step: 'UInt32' },
  row: Type.Object({
    cpu: UInt16,
    at: UInt32,
    observed: UInt64,
    processed: UInt64,
    dropped: UInt64,
    timeSqueeze: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 200_000,
});
