import { Type } from 'typebox';
import { defineQuery, Text, UInt16, UInt64 } from '../run-query.ts';
import { rawWindow, windowParameters } from './fragments.ts';

/** Polling threads of a host by the largest busy share that they told in a window, the busiest first. */
export const busyPmds = defineQuery({
  name: 'busy-pmds',
  sql: `SELECT t.datapath AS datapath, t.core AS core, max(assumeNotNull(t.busy_ppm)) AS busyPpm
FROM pmd_slot AS t
WHERE t.host = {host:String} AND ${rawWindow} AND isNotNull(t.busy_ppm)
GROUP BY datapath, core
ORDER BY busyPpm DESC, datapath, core
LIMIT 16`,
  parameters: { ...windowParameters, host: 'String' },
  row: Type.Object({ datapath: Text, core: UInt16, busyPpm: UInt64 }),
  deadlineMs: 5_000,
  rowsMax: 16,
});
