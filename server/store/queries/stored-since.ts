import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { instant } from './fragments.ts';

/**
 * Quarters of an hour of a host, begun since `from`, of which rows were stored after `sinceMs` (ms since 1970, the store's
 * clock), and when last: whatever changed a sum meanwhile, late rows included.
 */
export const storedSince = defineQuery({
  name: 'stored-since',
  sql: `SELECT t.host AS host, toUInt32(intDiv(toUnixTimestamp(t.minute), 900) * 900) AS quarter,
  toUInt64(toUnixTimestamp64Milli(max(t.stored_at))) AS atMs
FROM stored_1m AS t
WHERE t.minute >= ${instant('from')} AND t.stored_at > fromUnixTimestamp64Milli(toInt64({sinceMs:String}), 'UTC')
GROUP BY host, quarter
ORDER BY host, quarter`,
  parameters: { from: 'UInt32', sinceMs: 'String' },
  row: Type.Object({ host: Text, quarter: UInt32, atMs: UInt64 }),
  deadlineMs: 10_000,
  rowsMax: 400_000,
});
