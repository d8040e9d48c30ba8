import { Type } from 'typebox';
import { defineQuery, Text, UInt16, UInt32, UInt64 } from '../run-query.ts';
import { instant, stepOf, windowParameters } from './fragments.ts';

/** Queues are told every five seconds: so far before a window the last word on them may lie, s. */
const reachSeconds = 15;
const parameters = { ...windowParameters, host: 'String', port: 'String' } as const;
const polled = `t.host = {host:String} AND t.port = {port:String} AND t.enabled = 1
    AND t.slot >= ${instant('from')} - INTERVAL ${reachSeconds} SECOND AND t.slot < ${instant('to')}`;

/** Polling threads that served a receive queue of a port in a window, or right before it. */
export const portPmds = defineQuery({
  name: 'port-pmds',
  sql: `SELECT t.datapath AS datapath, t.core AS core, arraySort(groupUniqArray(t.queue)) AS queues
FROM rxq_slot AS t
WHERE ${polled}
GROUP BY datapath, core
ORDER BY datapath, core
LIMIT 64`,
  parameters,
  row: Type.Object({ datapath: Text, core: UInt16, queues: Type.Array(UInt16) }),
  deadlineMs: 10_000,
  rowsMax: 64,
});

/**
 * What those threads said of their own busy share, by steps: the greatest of the rows that begin in a step, and up to where
 * the last of these reaches.
 */
export const portPmdSteps = defineQuery({
  name: 'port-pmd-steps',
  sql: `SELECT t.datapath AS datapath, t.core AS core, ${stepOf('t.slot')} AS at,
  toUInt32(max(toUnixTimestamp(t.slot) + t.slots)) AS \`to\`, max(assumeNotNull(t.busy_ppm)) AS busyPpm
FROM pmd_slot AS t
WHERE t.host = {host:String} AND t.slot >= ${instant('from')} AND t.slot < ${instant('to')} AND isNotNull(t.busy_ppm)
  AND t.state != 'unknown' AND t.suspect = 0
  AND (t.datapath, t.core) IN (SELECT DISTINCT t.datapath, t.core FROM rxq_slot AS t WHERE ${polled})
GROUP BY datapath, core, at
ORDER BY datapath, core, at`,
  parameters: { ...parameters, step: 'UInt32' },
  row: Type.Object({ datapath: Text, core: UInt16, at: UInt32, to: UInt32, busyPpm: UInt64 }),
  deadlineMs: 10_000,
  rowsMax: 140_000,
});
