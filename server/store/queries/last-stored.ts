import { Type } from 'typebox';
import { defineQuery, UInt64 } from '../run-query.ts';
import { instant } from './fragments.ts';

/** When rows of the minutes of a window were last stored, ms since 1970; 0: never, as far as is kept. `host` empty: all. */
export const lastStored = defineQuery({
  name: 'last-stored',
  sql: `SELECT toUInt64(toUnixTimestamp64Milli(max(t.stored_at))) AS atMs
FROM stored_1m AS t
WHERE t.minute >= toStartOfMinute(${instant('from')}) AND t.minute < ${instant('to')}
  AND ({host:String} = '' OR t.host = {host:String})`,
  parameters: { host: 'String', from: 'UInt32', to: 'UInt32' },
  row: Type.Object({ atMs: UInt64 }),
  deadlineMs: 5_000,
  rowsMax: 1,
});
