import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { instant } from './fragments.ts';

const since = "t.stored_at > fromUnixTimestamp64Milli(toInt64({sinceMs:String}), 'UTC')";
const quarterOf = (second: string) => `toUInt32(intDiv(${second}, 900) * 900)`;

/**
 * Quarters of an hour of a host, begun since `from`, of which rows were stored after `sinceMs` (ms since 1970, the store's
 * clock), and when last: whatever changed a sum meanwhile, late rows included, and whatever said whose a loss is: that
 * concerns the slots of its row and one on either side.
 */
export const storedSince = defineQuery({
  name: 'stored-since',
  sql: `SELECT host, quarter, toUInt64(toUnixTimestamp64Milli(max(at))) AS atMs FROM (
  SELECT t.host AS host, ${quarterOf('toUnixTimestamp(t.minute)')} AS quarter, t.stored_at AS at
  FROM stored_1m AS t WHERE t.minute >= ${instant('from')} AND ${since}
  UNION ALL
  SELECT t.host AS host, arrayJoin([${quarterOf('toUnixTimestamp(t.slot) - 1')},
    ${quarterOf('toUnixTimestamp(t.slot) + t.slots')}]) AS quarter, t.stored_at AS at
  FROM attribution AS t WHERE t.slot >= ${instant('from')} AND ${since}
)
GROUP BY host, quarter
ORDER BY host, quarter`,
  parameters: { from: 'UInt32', sinceMs: 'String' },
  row: Type.Object({ host: Text, quarter: UInt32, atMs: UInt64 }),
  deadlineMs: 10_000,
  rowsMax: 400_000,
});
