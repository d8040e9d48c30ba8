import { Type } from 'typebox';
import { defineQuery, UInt32 } from '../run-query.ts';
import { rawWindow, windowParameters } from './fragments.ts';

/** Seconds of a window in which the switch of a host did not answer the collector in time. */
export const unansweredSeconds = defineQuery({
  name: 'unanswered-seconds',
  sql: `SELECT toUnixTimestamp(t.slot) AS slot
FROM source_slot AS t
WHERE t.host = {host:String} AND t.source = 'ovs' AND t.code IN ('FN_OVS_AWAY', 'FN_SOURCE_TIMEOUT') AND ${rawWindow}
ORDER BY slot
LIMIT 1 BY slot
LIMIT 600`,
  parameters: { ...windowParameters, host: 'String' },
  row: Type.Object({ slot: UInt32 }),
  deadlineMs: 5_000,
  rowsMax: 600,
});
